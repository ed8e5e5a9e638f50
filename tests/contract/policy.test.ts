import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { ServerPolicy } from '../../src/io/policy-server/client.js'
import { shippedPackage, splitPackage, tinyPackage } from '../fixtures/policy.js'
import { startPolicyServer } from '../fixtures/policy-server.js'
import { policyContract } from './policy-contract.js'

policyContract('the shipped package on ONNX Runtime', () => OnnxPolicy.load(shippedPackage))

policyContract('the shipped package on the own engine', () => OnnxPolicy.load(shippedPackage, { engine: 'native' }))

policyContract('a package with names and heads of its own', () => OnnxPolicy.load(tinyPackage), { graspYawRad: 0.5 })

policyContract('a package that decides in two graphs', () => OnnxPolicy.load(splitPackage), {
  stages: ['attention', 'transport'],
  openVocabulary: true,
})

policyContract(
  'a package that decides in two graphs on the own engine',
  () => OnnxPolicy.load(splitPackage, { engine: 'native' }),
  { stages: ['attention', 'transport'], openVocabulary: true },
)

policyContract('the shipped package behind a policy server', async () => {
  const server = await startPolicyServer()
  const policy = await ServerPolicy.connect({ address: server.address, keys: null, timeoutMs: 60_000 })
  return {
    info: policy.info,
    propose: (...asked) => policy.propose(...asked),
    async close() {
      await policy.close()
      await server.stop()
    },
  }
})

import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { shippedPackage, splitPackage, tinyPackage } from '../fixtures/policy.js'
import { policyContract } from './policy-contract.js'

policyContract('the shipped package on ONNX Runtime', () => OnnxPolicy.load(shippedPackage))

policyContract('a package with names and heads of its own', () => OnnxPolicy.load(tinyPackage), { graspYawRad: 0.5 })

policyContract('a package that decides in two graphs', () => OnnxPolicy.load(splitPackage), {
  stages: ['attention', 'transport'],
  openVocabulary: true,
})

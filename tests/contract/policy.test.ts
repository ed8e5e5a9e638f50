import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { shippedPackage } from '../fixtures/policy.js'
import { policyContract } from './policy-contract.js'

policyContract('the shipped package on ONNX Runtime', () => OnnxPolicy.load(shippedPackage))

// What can go wrong under the policy, as errors that say what to do.

import { CliportError } from '../../control/errors.js'
import type { GraphName } from './manifest.js'
import { packageError } from './package.js'

/**
 * `shape`: a graph is not what its signature says. `graph`: it cannot be opened or run. `provider`: none could be used.
 * `library`: ONNX Runtime's does not load, or is too old. `option`: it refuses a provider's option.
 */
export type RunnerFailure = 'shape' | 'graph' | 'provider' | 'library' | 'option'

export class Failed extends Error {
  constructor(
    readonly failure: RunnerFailure,
    message: string,
  ) {
    super(message)
  }
}

const exportAgain = 'Export the package again (models/README.md)'

/** @param folder of the package */
export function runnerError(folder: string, failure: RunnerFailure, message: string): CliportError {
  switch (failure) {
    case 'shape':
      return packageError('POLICY_SHAPE', folder, message, exportAgain)
    case 'provider': {
      const hint =
        'Allow the cpu provider, or install what the message names (docs/gpu.md); cliport policy info shows what is there'
      return packageError('ADDON_MISSING', folder, message, hint)
    }
    case 'library':
      return new CliportError('ADDON_MISSING', message, {
        stage: 'start',
        hint: 'Set policy.library to the file of an ONNX Runtime library of version 1.17 or newer (docs/gpu.md), or leave it out',
      })
    case 'option':
      return new CliportError('CONFIG_INVALID', message, {
        stage: 'config',
        hint: "Correct policy.provider_options: names and values are ONNX Runtime's own for this provider and version",
      })
    default:
      return packageError('POLICY_INVALID', folder, message, hintOf(message))
  }
}

const newer = 'was exported for a newer ONNX than'

/**
 * Whether it is the option that was refused, not the GPU: ONNX Runtime counts the devices while it reads `device_id`.
 * @param code of the own engine's failure
 */
export function isOptionRefused(code: string, message: string): boolean {
  return code === 'OPTION' && !message.includes('CUDA failure')
}

/** A message of ONNX Runtime without what it says of its own sources. */
export function plainReason(message: string): string {
  return message
    .replace(/^.*\[ONNXRuntimeError\] : \d+ : \w+ : /s, '')
    .replace(/^.*(CUDA failure \d+: .*?) ;.*$/s, '$1')
    .replace(/^\/onnxruntime_src\/\S+ .*?\) (?=[A-Z])/s, '')
    .trim()
}

/** Why a graph cannot be opened, in words that say what is wrong with the file. @param version of ONNX Runtime */
export function graphProblem(graph: GraphName, message: string, version: string): string {
  const reason = plainReason(message)
  const file = `${graph}.onnx`
  if (/protobuf parsing failed/i.test(reason)) return `${file} is truncated, or is no ONNX graph: ${reason}`
  if (/opset|IR version/i.test(reason)) return `${file} ${newer} ONNX Runtime ${version} reads: ${reason}`
  return `ONNX Runtime ${version} cannot open ${file}: ${reason}`
}

function hintOf(message: string): string {
  if (/\b(CUDA|CUDNN|CUBLAS) failure\b/.test(message)) {
    return 'The GPU failed, not the package: close other programs that use it, or set policy.provider to cpu (docs/gpu.md)'
  }
  if (!message.includes(newer)) return exportAgain
  return 'Export it for an older opset, or set policy.library to a newer ONNX Runtime (docs/gpu.md)'
}

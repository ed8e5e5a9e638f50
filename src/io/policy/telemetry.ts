// ONNX Runtime's telemetry stays off. From 1.29 on its Linux builds write an identifier and a database below ~/.cache and
// a log into the temporary folder, and send events to their maker, unless this variable is set before the first session
// (microsoft/onnxruntime#27379; docs/privacy.md).

import { isMainThread } from 'node:worker_threads'
import { CliportError } from '../../control/errors.js'

const variable = 'ORT_DISABLE_TELEMETRY'

/**
 * Turns telemetry off for the whole process, whatever its environment says. The library reads the environment of the
 * process, and a worker thread's `process.env` is a copy of it: there it can only be checked that the main thread has
 * done so, which it does by importing this module.
 * @throws CliportError USAGE in a worker thread that was started before
 */
export function turnOffTelemetry(): void {
  if (isMainThread) process.env[variable] = '1'
  if (process.env[variable] === '1') return
  throw new CliportError(
    'USAGE',
    `Expected ${variable}=1 in the environment of a thread that loads a policy but received '${process.env[variable] ?? ''}'`,
    {
      stage: 'start',
      hint: `Start the process with ${variable}=1, or import io/policy/telemetry.js in its main thread first`,
    },
  )
}

if (isMainThread) turnOffTelemetry()

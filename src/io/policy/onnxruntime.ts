// The only module that imports onnxruntime-node, so that its telemetry is off before it loads, wherever that is.

import { turnOffTelemetry } from './telemetry.js'

export { env, InferenceSession, Tensor } from 'onnxruntime-node'

turnOffTelemetry()

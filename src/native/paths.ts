// Where compiled things lie. The only file that knows the build folders.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = new URL('../..', import.meta.url)

/** Absolute path of a file of the project, e.g. `projectPath('models/edge/manifest.json')`. */
export function projectPath(relative: string): string {
  return fileURLToPath(new URL(relative, root))
}

/** Absolute path of the controller process's executable. */
export function controllerExecutable(): string {
  return projectPath('build/native/cliport-controller')
}

/** Absolute path of the ONNX Runtime library that onnxruntime-node ships for this platform. */
export function shippedOnnxRuntime(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  const name = process.platform === 'darwin' ? 'libonnxruntime.1.dylib' : 'libonnxruntime.so.1'
  return join(dirname(main), '../bin/napi-v6', process.platform, process.arch, name)
}

/** URL of a compiled worker, e.g. `workerUrl('sim/cell-worker')`; also when called from sources under test. */
export function workerUrl(module: string): URL {
  return new URL(`dist/${module}.js`, root)
}

/**
 * Limits of the workers' heaps: short-lived objects are cleared away after 2 MB of them (V8 has three such spaces), not after
 * 16 MB, which is what most of a worker's memory would be.
 */
export const workerHeap = { maxYoungGenerationSizeMb: 6 } as const

/**
 * Loads one addon of build/Release.
 * @throws Error naming the file and `make setup` when it is missing or does not load; callers add the stage
 */
export function loadAddon<T>(name: string): T {
  const path = projectPath(`build/Release/${name}.node`)
  try {
    return createRequire(import.meta.url)(path) as T
  } catch (cause) {
    throw new Error(`Could not load the addon ${name} from ${path}. Build it with: make setup`, { cause })
  }
}

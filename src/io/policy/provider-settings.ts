// What the settings ask of the GPU providers, in ONNX Runtime's own option names. The library validates all of them.

import type { StringOptions } from '../../native/engine.js'

/** `fp16` and `int8` are TensorRT's: it builds its engine so from the fp32 graph. For CUDA the graph itself decides. */
export const precisions = ['fp32', 'fp16', 'int8'] as const
export type Precision = (typeof precisions)[number]

export interface ProviderSettings {
  readonly precision: Precision
  /** Most memory that TensorRT may use while it builds and runs an engine, MB (10^6 bytes). */
  readonly workspaceMb: number
  /** ONNX Runtime's own options, which go over those made here. */
  readonly options: Readonly<Partial<Record<'tensorrt' | 'cuda', StringOptions>>>
}

/** Where TensorRT keeps what it has built. */
export interface EngineFolders {
  readonly engine: string
  /** Of all engines of a device and version: what was measured once need not be measured again. */
  readonly timing: string
}

/**
 * Convolutions and matrix products in full fp32 (no TF32), so that results are the CPU's up to rounding; memory grows by
 * what is asked for, since a small computer's is the GPU's too.
 */
export function cudaOptions({ options }: Pick<ProviderSettings, 'options'>): StringOptions {
  return { device_id: '0', arena_extend_strategy: 'kSameAsRequested', use_tf32: '0', ...options.cuda }
}

/**
 * Engines and timings are kept; the workspace is limited: ONNX Runtime has had no limit of its own since 1.19, and small
 * Jetsons have run out of memory (microsoft/onnxruntime#21643).
 */
export function tensorRtOptions(
  { precision, workspaceMb, options }: ProviderSettings,
  folders: EngineFolders,
): StringOptions {
  return {
    device_id: '0',
    trt_fp16_enable: precision === 'fp32' ? '0' : '1',
    trt_int8_enable: precision === 'int8' ? '1' : '0',
    trt_max_workspace_size: `${workspaceMb * 1_000_000}`,
    trt_engine_cache_enable: '1',
    trt_engine_cache_path: folders.engine,
    trt_timing_cache_enable: '1',
    trt_timing_cache_path: folders.timing,
    ...options.tensorrt,
  }
}

// What the published GPU build of ONNX Runtime says of the options that this project sets: scripts/test-gpu-libraries, which
// names the library. Without it there is nothing to ask.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cudaOptions, precisions, tensorRtOptions } from '../../src/io/policy/provider-settings.js'
import { turnOffTelemetry } from '../../src/io/policy/telemetry.js'
import { createEngine, type NativeEngine, type StringOptions, tensorRtVersion } from '../../src/native/engine.js'
import { tinyPackage } from '../fixtures/policy.js'

const { CLIPORT_TEST_GPU_LIBRARY: library } = process.env

describe.skipIf(library === undefined)('the published GPU build', () => {
  const graph = readFileSync(join(tinyPackage, 'decide.onnx'))
  let engine: NativeEngine
  beforeAll(() => {
    turnOffTelemetry()
    engine = createEngine(library!)
  })
  afterAll(() => engine.close())

  /** How far opening a graph comes: past the options it needs a GPU, which is not here. */
  const refusal = (name: string, options: StringOptions) =>
    engine.open('graph', { graph, providers: [{ name, options }], threads: 1, keepMemory: false, config: {} }, 1).then(
      () => ({ code: 'NONE', message: '' }),
      ({ code, message }) => ({ code: code as string, message: message as string }),
    )

  test('has the providers, and finds the libraries that stand in for TensorRT', async () => {
    const { providers } = await engine.library()
    expect(providers).toEqual(expect.arrayContaining(['TensorrtExecutionProvider', 'CUDAExecutionProvider']))
    expect(tensorRtVersion()).toBe('10.3.0')
  })

  test.each(precisions)("knows every option that is set for TensorRT's %s", async (precision) => {
    const settings = { precision, workspaceMb: 1024, options: {} }
    const folders = { engine: '/tmp/engines', timing: '/tmp/timings' }
    const { code, message } = await refusal('tensorrt', tensorRtOptions(settings, folders))
    expect([code, message]).toEqual(['PROVIDER', expect.not.stringMatching(/option/i)])
  })

  test('knows every option that is set for CUDA', async () => {
    const { code, message } = await refusal('cuda', cudaOptions({ options: {} }))
    expect([code, message]).not.toEqual(['OPTION', expect.anything()])
  })

  test.each([
    ['tensorrt', { trt_not_an_option: '1' }, /trt_not_an_option/],
    ['cuda', { not_an_option: '1' }, /not_an_option/],
    ['tensorrt', { trt_fp16_enable: 'perhaps' }, /perhaps/],
    ['cuda', { arena_extend_strategy: 'perhaps' }, /perhaps/],
  ])('refuses an option of %s that it does not know, by name: %o', async (name, options, message) => {
    expect(await refusal(name, options)).toMatchObject({ code: 'OPTION', message: expect.stringMatching(message) })
  })
})

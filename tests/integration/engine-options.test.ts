// What the published GPU build of ONNX Runtime says of the options that this project sets: scripts/test-gpu-libraries, which
// names the library. Without it there is nothing to ask.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cudaOptions, precisions, tensorRtOptions } from '../../src/io/policy/provider-settings.js'
import { isOptionRefused } from '../../src/io/policy/runner-failure.js'
import { turnOffTelemetry } from '../../src/io/policy/telemetry.js'
import { createEngine, type NativeEngine, type StringOptions, tensorRtVersion } from '../../src/native/engine.js'

const { CLIPORT_TEST_GPU_LIBRARY: library } = process.env

describe.skipIf(library === undefined)('the published GPU build', () => {
  let engine: NativeEngine
  beforeAll(() => {
    turnOffTelemetry()
    engine = createEngine(library!)
  })
  afterAll(() => engine.close())

  /** What the library says of options; null: it takes them. */
  const refusal = (name: string, options: StringOptions) =>
    engine.check(name, options).then(
      () => null,
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
    expect(await refusal('tensorrt', tensorRtOptions(settings, folders))).toBeNull()
  })

  test('knows every option that is set for CUDA', async () => {
    expect(await refusal('cuda', cudaOptions({ options: {} }))).toBeNull()
  })

  test('counts the devices while it reads their number, so that the failure is the GPU, not the option', async () => {
    const { code, message } = (await refusal('tensorrt', { device_id: '0' }))!
    expect([isOptionRefused(code, message), message]).toEqual([false, expect.stringContaining('CUDA failure')])
  })

  test.each([
    ['tensorrt', { trt_not_an_option: '1' }, /trt_not_an_option/],
    ['cuda', { not_an_option: '1' }, /not_an_option/],
    ['tensorrt', { trt_fp16_enable: 'perhaps' }, /trt_fp16_enable/],
    ['cuda', { arena_extend_strategy: 'perhaps' }, /perhaps/],
  ])('refuses an option of %s that it does not know, by name: %o', async (name, options, message) => {
    expect(await refusal(name, options)).toMatchObject({ code: 'OPTION', message: expect.stringMatching(message) })
  })
})

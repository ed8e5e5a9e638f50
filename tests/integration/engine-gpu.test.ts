// Providers of a GPU, their options, their engines and what goes wrong, on a library that pretends to have them; and what
// the real one says on a machine without. Nothing here shows that a GPU computes anything: scripts/check-gpu does.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import type { RunnerOptions } from '../../src/io/policy/open-runner.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { type BuildProgress, buildPolicy } from '../../src/runtime/policy-build.js'
import { describePolicyOf } from '../../src/runtime/policy-info.js'
import { splitPackage, tinyPackage } from '../fixtures/policy.js'
import { aGpu, standIn } from '../fixtures/stand-in.js'

const refusalOf = (loading: Promise<OnnxPolicy>) =>
  loading.then(
    async (policy) => {
      await policy.close()
      throw new Error(`loaded on ${policy.execution.provider}`)
    },
    (error) => error as { code: string; message: string; hint: string },
  )

test.each(['onnxruntime-node', 'native'] as const)('a missing CUDA library is named, on %s', async (engine) => {
  const { code, message } = await refusalOf(OnnxPolicy.load(tinyPackage, { engine, providers: ['cuda'] }))
  expect(code).toBe('ADDON_MISSING')
  expect(message).toMatch(/cuda: .*libonnxruntime_providers_shared\.so: cannot open shared object file/)
})

describe('with pretended GPU providers', () => {
  let pretended: ReturnType<typeof standIn>
  beforeEach(() => {
    pretended = standIn()
  })
  afterEach(() => pretended.remove())

  const load = (options: RunnerOptions, folder = tinyPackage) => {
    const { library, engines } = pretended
    return OnnxPolicy.load(folder, { library, engines, device: aGpu(), ...options })
  }
  const executionOf = async (options: RunnerOptions, folder?: string) => {
    const policy = await load(options, folder)
    await policy.close()
    return policy.execution
  }
  const build = (more: Partial<Parameters<typeof buildPolicy>[0]> = {}, policy: object = {}) => {
    const { library, engines } = pretended
    const text = JSON.stringify({ version: 1, policy: { package: splitPackage, library, engines, ...policy } })
    return buildPolicy({
      config: mergeConfig({ text, name: 'a.yaml' }, {}, {}),
      signal: new AbortController().signal,
      onProgress: () => {},
      device: aGpu(),
      ...more,
    })
  }

  test('the first provider that works is used, its nodes are counted, and why another was not is told', async () => {
    const lines: string[] = []
    const { provider, attempts, nodes } = await executionOf({
      providers: ['tensorrt', 'cuda', 'cpu'],
      log: (line) => lines.push(line),
    })
    expect(provider).toBe('cuda')
    expect(Object.keys(nodes!.decide!)).toEqual(['CUDAExecutionProvider'])
    expect(Object.keys(nodes!.text!)).toEqual(['CPUExecutionProvider'])
    const reason = 'decide: no engine of this graph is built; cliport policy build builds it'
    expect(attempts).toEqual([{ provider: 'tensorrt', reason }])
    expect(lines).toEqual([`policy: tensorrt cannot be used, cuda runs instead: ${reason}`])
  })

  test.each(['tensorrt', 'cuda'] as const)(
    'an option that %s does not know is an error that names it',
    async (name) => {
      const unknown = {
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/refuses an option of .*: .*Unknown provider option: "not_an_option"/),
      }
      const gpu = { options: { [name]: { not_an_option: '1' } } }
      expect(await refusalOf(load({ providers: [name, 'cpu'], gpu }))).toMatchObject(unknown)
      const built = build({}, { package: tinyPackage, provider_options: { [name]: { not_an_option: '1' } } })
      await expect(built).rejects.toMatchObject(unknown)
    },
  )

  test('a library of another version is refused, and both versions are told', async () => {
    pretended.become({ STAND_IN_VERSION: '1.16.3' })
    expect(await refusalOf(load({ providers: ['cpu'], library: pretended.anotherLibrary() }))).toMatchObject({
      code: 'ADDON_MISSING',
      message: expect.stringMatching(/Expected ONNX Runtime 1\.17 or newer \(1\.x\) but .* is version 1\.16\.3/),
      hint: expect.stringContaining('policy.library'),
    })
  })

  test('where a GPU is required the CPU is never used, and every reason is told', async () => {
    pretended.become({ STAND_IN_NO_DRIVER: '1' })
    const all = ['tensorrt', 'cuda', 'cpu'] as const
    const { code, message } = await refusalOf(load({ providers: all, require: 'gpu' }))
    expect(code).toBe('ADDON_MISSING')
    expect(message).toMatch(
      /no execution provider of tensorrt, cuda could be used \(tensorrt: .*no engine.*; cuda: .*CUDA driver version is insufficient/,
    )
    expect((await executionOf({ providers: all })).provider).toBe('cpu')
    const infoOf = async (require: 'any' | 'gpu') => {
      const policy = { package: tinyPackage, library: pretended.library, provider: all, require }
      const config = mergeConfig({ text: JSON.stringify({ version: 1, policy }), name: 'a.yaml' }, {}, {})
      return (await describePolicyOf(config, new AbortController().signal)).provider
    }
    expect(await infoOf('any')).toMatchObject({ used: 'cpu' })
    expect(await infoOf('gpu')).toMatchObject({ used: null })
  })

  test('a provider that takes none of the nodes is not taken for one that computes', async () => {
    pretended.become({ STAND_IN_TAKES_NOTHING: '1' })
    const { message } = await refusalOf(load({ providers: ['cuda'] }))
    expect(message).toContain('it took none of the nodes of decide.onnx, which went to CPUExecutionProvider')
  })

  test('engines are built once, graph by graph, and then used', async () => {
    const seen: BuildProgress[] = []
    const first = await build({ onProgress: (progress) => seen.push(progress) })
    expect(first).toMatchObject({ device: 'NVIDIA Orin', tensorrt: '10.3.0', precision: 'fp32' })
    expect(first.engines.map(({ graph, state }) => [graph, state])).toEqual([
      ['attention', 'built'],
      ['transport', 'built'],
    ])
    expect(seen.map(({ graph, index, of, expectedS }) => [graph, index, of, expectedS])).toEqual([
      ['attention', 1, 2, null],
      ['transport', 2, 2, null],
    ])
    const second = await build()
    expect(second.engines.map(({ state }) => state)).toEqual(['ready', 'ready'])
    const { provider, nodes } = await executionOf({ providers: ['tensorrt', 'cpu'] }, splitPackage)
    expect(provider).toBe('tensorrt')
    expect(Object.keys(nodes!.transport!)).toEqual(['TensorrtExecutionProvider'])
  })

  test('an engine for another device, version or precision, or one that is damaged, is not used, and why is told', async () => {
    const { engines: built } = await build()
    const providers = ['tensorrt', 'cpu'] as const
    const reasonOf = async (options: RunnerOptions) => {
      const { provider, attempts } = await executionOf({ providers, ...options }, splitPackage)
      expect(provider).toBe('cpu')
      return attempts[0]!.reason
    }
    expect(await reasonOf({ device: aGpu('NVIDIA Thor') })).toContain(
      'for another device (built for NVIDIA Orin, this is NVIDIA Thor); cliport policy build',
    )
    expect(await reasonOf({ device: aGpu('NVIDIA Orin', '10.13.0') })).toContain(
      'another TensorRT version (built for 10.3.0, this is 10.13.0)',
    )
    expect(await reasonOf({ gpu: { precision: 'fp16' } })).toContain('another precision (built for fp32, this is fp16)')
    const folder = built[0]!.folder
    writeFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.engine'))!), 'half')
    expect(await reasonOf({})).toContain('is missing or has another size')
    expect((await build()).engines.map(({ state }) => state)).toEqual(['built', 'ready'])
    expect((await executionOf({ providers }, splitPackage)).provider).toBe('tensorrt')
  })

  test('a build that is interrupted leaves no engine that is taken for whole, and goes on where it stopped', async () => {
    const abort = new AbortController()
    const began = build({
      signal: abort.signal,
      onProgress: ({ graph }) => {
        if (graph === 'transport') pretended.become({ STAND_IN_BUILD_MS: '600000' })
      },
    })
    const ended = expect(began).rejects.toThrow('enough')
    const begun = () => readdirSync(pretended.engines, { recursive: true, encoding: 'utf8' })
    await expect.poll(() => begun().some((name) => name.endsWith('.part')), { timeout: 100_000 }).toBe(true)
    abort.abort(new Error('enough'))
    await ended
    expect((await executionOf({ providers: ['tensorrt', 'cpu'] }, splitPackage)).provider).toBe('cpu')
    pretended.become({})
    expect((await build()).engines.map(({ graph, state }) => [graph, state])).toEqual([
      ['attention', 'ready'],
      ['transport', 'built'],
    ])
  })

  test('an engine that TensorRT was told not to keep is none: a run would build it again', async () => {
    const options = { provider_options: { tensorrt: { trt_engine_cache_enable: '0' } } }
    const none = { code: 'ADDON_MISSING', message: expect.stringMatching(/No engine of attention .* kept none in /) }
    await expect(build({}, options)).rejects.toMatchObject(none)
    await expect(build({}, options)).rejects.toMatchObject(none)
  })

  test('a builder that is killed is said to have been, most likely for want of memory', async () => {
    pretended.become({ STAND_IN_DIES: '1' })
    await expect(build()).rejects.toMatchObject({
      code: 'ADDON_MISSING',
      message: expect.stringMatching(/No engine of attention could be built: its process was killed.*memory/),
    })
  })
})

test('without TensorRT a build says what is missing', async () => {
  const text = JSON.stringify({ version: 1, policy: { package: tinyPackage } })
  const config = mergeConfig({ text, name: 'a.yaml' }, {}, {})
  const build = buildPolicy({ config, signal: new AbortController().signal, onProgress: () => {} })
  await expect(build).rejects.toMatchObject({
    code: 'ADDON_MISSING',
    message: expect.stringMatching(/TensorRT cannot be used: .*cannot open shared object file/),
  })
})

// The own engine on ONNX Runtime's C interface, on the library that onnxruntime-node ships.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { memoryOf, zeroInputs } from '../../src/io/policy/graph-opening.js'
import { tensorsOf } from '../../src/io/policy/graph-spec.js'
import { NativeRunner } from '../../src/io/policy/native-runner.js'
import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { engineOf } from '../../src/io/policy/open-runner.js'
import { loadPackage } from '../../src/io/policy/package.js'
import { turnOffTelemetry } from '../../src/io/policy/telemetry.js'
import { createEngine, engineSlots, type NativeEngine } from '../../src/native/engine.js'
import { projectPath, shippedOnnxRuntime } from '../../src/native/paths.js'
import { aHeightmap, copyOfPackage, shippedManifest, shippedPackage } from '../fixtures/policy.js'

const goal = 'put the red blocks in a green bowl'
turnOffTelemetry()

test('the slots of the function table that are called have the numbers that another project reads from the header', () => {
  const text = readFileSync(projectPath('tests/fixtures/data/onnxruntime-slots.txt'), 'utf8')
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const slots = Object.entries(engineSlots())
  expect(slots.length).toBeGreaterThan(40)
  expect(slots.map(([_, slot]) => [slot, names[slot]])).toEqual(slots.map(([name, slot]) => [slot, name]))
})

describe('a decision', () => {
  let own: OnnxPolicy
  beforeAll(async () => {
    own = await OnnxPolicy.load(shippedPackage, { engine: 'native' })
  })
  afterAll(() => own.close())

  test('is the same as on onnxruntime-node, to the last bit', async () => {
    const node = await OnnxPolicy.load(shippedPackage)
    const options = { maps: true, suppress: [{ pixel: [86, 66] as const, radiusM: 0.02 }] }
    const [a, b] = [await own.propose(aHeightmap(), goal, options), await node.propose(aHeightmap(), goal, options)]
    await node.close()
    expect({ ...a, timingMs: 0 }).toEqual({ ...b, timingMs: 0 })
    expect(Object.keys(a.timingMs)).toEqual(Object.keys(b.timingMs))
  })

  test('says which library computes it, and which provider every node', () => {
    const { engine, library, provider, attempts, nodes } = own.execution
    expect({ engine, provider, attempts }).toEqual({ engine: 'native', provider: 'cpu', attempts: [] })
    expect(library).toEqual({ version: expect.stringMatching(/^1\.\d+\.\d+$/), path: shippedOnnxRuntime() })
    expect(Object.keys(nodes!.decide!)).toEqual(['CPUExecutionProvider'])
    expect(nodes!.decide!.CPUExecutionProvider!.Conv).toBeGreaterThan(10)
  })

  test('leaves the main thread free while it is computed', async () => {
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    for (let i = 0; i < 10; i++) await own.propose(aHeightmap(), goal)
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(10)
  })
})

test('a run that is given up while its graph is being opened ends at once, and is not begun', async () => {
  const { graphs, manifest } = await loadPackage(shippedPackage)
  const runner = await NativeRunner.start(shippedPackage, {
    ...{ graphs, signatures: manifest.models, providers: ['cpu'], threads: 1, isInt8: false },
    optionsOf: () => expect.unreachable(),
  })
  const giveUp = new AbortController()
  const running = runner.run('maps', zeroInputs(manifest.models.maps!), { signal: giveUp.signal })
  giveUp.abort(new Error('given up'))
  await expect(running).rejects.toThrow('given up')
  await runner.close()
})

test('large graphs run on the own engine, whose memory goes back after each run; int8 ones keep theirs', () => {
  const [large, small] = ['/models/attention.onnx', new Uint8Array(1)]
  expect(engineOf({}, { decide: small })).toBe('onnxruntime-node')
  expect(engineOf({}, { attention: large })).toBe('native')
  expect(engineOf({ engine: 'onnxruntime-node' }, { attention: large })).toBe('onnxruntime-node')
  expect([memoryOf('decide', small, false), memoryOf('attention', large, false)]).toEqual(['kept', 'within_run'])
  expect([memoryOf('attention', large, true), memoryOf('text', large, true)]).toEqual(['kept', 'none'])
})

describe('the engine itself', () => {
  const { decide } = shippedManifest().models
  const inputs = () => {
    const zeros = zeroInputs(decide)
    return Object.fromEntries(tensorsOf(decide.inputs).map(([role, { tensor }]) => [tensor, zeros[role]!]))
  }
  const settings = {
    graph: readFileSync(join(shippedPackage, 'decide.onnx')),
    ...{ providers: [], threads: 1, memory: 'kept' as const, config: {} },
  }
  let engine: NativeEngine
  beforeAll(async () => {
    engine = createEngine(shippedOnnxRuntime())
    await engine.open('decide', settings, 0)
  })
  afterAll(() => engine.close())

  test('ends a run when it is canceled, and one that waits before it begins; the next runs', async () => {
    const [running, waiting] = [engine.run('decide', inputs(), 1), engine.run('decide', inputs(), 2)]
    const ends = [expect(running), expect(waiting)].map((end) => end.rejects.toMatchObject({ code: 'CANCELED' }))
    engine.cancel(1)
    engine.cancel(2)
    await Promise.all(ends)
    const { outputs, durationMs } = await engine.run('decide', inputs(), 3)
    expect(outputs.pick_pixel).toHaveLength(2)
    expect(durationMs).toBeGreaterThan(0)
  })

  test.each(['none', 'within_run'] as const)('computes the same with memory: %s', async (memory) => {
    await engine.open(memory, { ...settings, memory }, 9)
    const kept = await engine.run('decide', inputs(), 10)
    for (const id of [11, 12]) expect((await engine.run(memory, inputs(), id)).outputs).toEqual(kept.outputs)
  })

  test('gives every run outputs of its own', async () => {
    const [first, bright] = [await engine.run('decide', inputs(), 4), inputs()]
    const before = first.outputs.pick_probability!.slice()
    bright[decide.inputs.color.tensor]!.fill(255 as never)
    const second = await engine.run('decide', bright, 5)
    expect(second.outputs.pick_probability).not.toEqual(before)
    expect(first.outputs.pick_probability).toEqual(before)
  })

  test.each([
    [
      'an input of another size',
      { [decide.inputs.height.tensor]: new Float32Array(7) },
      /Expected 204800 bytes for \w+ but received 28/,
    ],
    ['no input', { [decide.inputs.height.tensor]: undefined }, /inputs\.\w+ to be a typed array/],
  ])('refuses %s', async (_, change, message) => {
    const run = async () => engine.run('decide', { ...inputs(), ...change } as never, 6)
    await expect(run()).rejects.toThrow(message)
  })

  test('names an input that is missing, and a graph that is not open', async () => {
    const { [decide.inputs.text.tensor]: _, ...rest } = inputs()
    await expect(engine.run('decide', rest, 7)).rejects.toThrow(`Expected an input ${decide.inputs.text.tensor}`)
    await expect(engine.run('maps', rest, 8)).rejects.toThrow('Expected an open graph but received maps')
  })

  test.each([
    ['a file that is missing', '/nowhere/libonnxruntime.so', 'LIBRARY', /nowhere.*No such file/],
    ['a file that is no library', projectPath('package.json'), 'LIBRARY', /invalid ELF header|file too short/],
    ['a library that is another one', projectPath('build/Release/memory.node'), 'LIBRARY', /is no ONNX Runtime/],
  ])('says why it cannot use %s', async (_, path, code, message) => {
    const other = createEngine(path)
    await expect(other.library()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    await other.close()
  })

  test('answers nothing after close', async () => {
    const other = createEngine(shippedOnnxRuntime())
    const waiting = expect(other.open('decide', settings, 1)).rejects.toMatchObject({ code: 'CANCELED' })
    await other.close()
    await waiting
    await expect(other.library()).rejects.toThrow('the engine was closed')
  })
})

describe('a process', () => {
  const run = (script: string, env: NodeJS.ProcessEnv = {}) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    })
  const engine = JSON.stringify(projectPath('dist/native/engine.js'))
  const library = JSON.stringify(shippedOnnxRuntime())

  test('in whose environment telemetry is not turned off loads no library', async () => {
    const script = `const { createEngine } = await import(${engine})
      const own = createEngine(${library})
      await own.library().catch(({ code, message }) => console.log(code, message))`
    const { stdout } = await run(script, { ORT_DISABLE_TELEMETRY: '0' })
    expect(stdout).toMatch(/^LIBRARY Expected ORT_DISABLE_TELEMETRY=1 .* but received 0/)
  })

  test('ends by itself with an idle engine, and at any moment of a run when it is told to', async () => {
    const load = `const { OnnxPolicy } = await import(${JSON.stringify(projectPath('dist/io/policy/onnx-policy.js'))})
      const policy = await OnnxPolicy.load(${JSON.stringify(shippedPackage)}, { engine: 'native' })
      console.log('loaded')`
    await expect(run(load)).resolves.toMatchObject({ stdout: 'loaded\n' })
    const busy = `${load}
      const cells = 320 * 160
      const heightmap = { spec: policy.info.workspace, rows: 320, cols: 160, heightM: new Float32Array(cells), color: new Uint8Array(3 * cells), stampNs: 0n }
      policy.propose(heightmap, ${JSON.stringify(goal)}).catch(() => {})
      setTimeout(() => process.exit(7), 5)`
    await expect(run(busy)).rejects.toMatchObject({ code: 7, stdout: 'loaded\n' })
  })
})

describe('a graph that cannot be opened', () => {
  let copy: Awaited<ReturnType<typeof copyOfPackage>>
  afterEach(() => copy.remove())

  /** Of protobuf's repeated or single fields the last one counts, so that more bytes at the end make another model. */
  const newerOpset = Buffer.from([0x42, 0x04, 0x0a, 0x00, 0x10, 0x63])
  const newerFormat = Buffer.from([0x08, 0x63])

  test.each(['onnxruntime-node', 'native'] as const)('is said to be what it is, on %s', async (engine) => {
    copy = await copyOfPackage()
    const whole = await copy.read('decide.onnx')
    const refusal = async (bytes: Buffer) => {
      await copy.replace('decide.onnx', bytes)
      const error = await OnnxPolicy.load(copy.folder, { engine }).catch((refused) => refused)
      expect(error).toMatchObject({ code: 'POLICY_INVALID' })
      return `${error.message} | ${error.hint}`
    }
    const version = /1\.\d+\.\d+/.source
    expect(await refusal(whole.subarray(0, whole.length / 2))).toMatch(/decide\.onnx is truncated, or is no ONNX graph/)
    const newer = new RegExp(
      `decide\\.onnx was exported for a newer ONNX than ONNX Runtime ${version} reads: .*\\| Export it for an older opset`,
    )
    expect(await refusal(Buffer.concat([whole, newerOpset]))).toMatch(newer)
    expect(await refusal(Buffer.concat([whole, newerFormat]))).toMatch(newer)
  })
})

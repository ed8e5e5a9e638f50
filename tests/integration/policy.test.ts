import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../src/control/errors.js'
import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { projectPath } from '../../src/native/paths.js'
import { aHeightmap, asVersion1, copyOfPackage, shippedPackage, tinyPackage } from '../fixtures/policy.js'

const goal = 'put the red blocks in a green bowl'

describe('a package that is not what it says', () => {
  let copy: Awaited<ReturnType<typeof copyOfPackage>>
  beforeEach(async () => {
    copy = await copyOfPackage()
  })
  afterEach(() => copy.remove())

  async function refusal(): Promise<{ code: string; message: string; hint: string; exit: number }> {
    const error = await OnnxPolicy.load(copy.folder).then(
      async (policy) => {
        await policy.close()
        throw new Error('the package was loaded')
      },
      (error) => error,
    )
    expect(error.stage).toBe('start')
    return { code: error.code, message: error.message, hint: error.hint, exit: exitCodeOf(error) }
  }

  test.each(['decide.onnx', 'text.onnx', 'maps.onnx', 'tokenizer.json'])('one flipped bit in %s', async (name) => {
    const bytes = await copy.read(name)
    bytes[bytes.length >> 1]! ^= 1
    await copy.write(name, bytes)
    expect(await refusal()).toMatchObject({ code: 'POLICY_CHECKSUM', message: expect.stringContaining(name), exit: 2 })
  })

  test.each(['manifest.json', 'decide.onnx', 'text.onnx', 'maps.onnx', 'tokenizer.json'])('no %s', async (name) => {
    await copy.remove(name)
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringContaining(name), exit: 2 })
  })

  test('a later format version names both versions', async () => {
    await copy.manifest((manifest) => ({ ...manifest, version: 3 }))
    const expected = /expected format cliport-policy version 2 but received cliport-policy version 3/
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringMatching(expected), exit: 2 })
  })

  test('format 1 is refused with the command that converts it', async () => {
    await copy.manifest(asVersion1)
    expect(await refusal()).toMatchObject({
      code: 'POLICY_INVALID',
      message: expect.stringContaining('version 2 but received cliport-policy version 1'),
      hint: `Convert it: npx cliport convert policy ${copy.folder} --out ${copy.folder}-v2`,
      exit: 2,
    })
  })

  test('every problem of a manifest is told at once', async () => {
    await copy.manifest(({ workspace: { x_min_m: _, ...workspace }, ...rest }) => ({
      ...rest,
      workspace: { ...workspace, x_mim_m: 0.25 },
      rows: 'many',
    }))
    const { code, message } = await refusal()
    expect(code).toBe('POLICY_INVALID')
    expect(message).toContain('manifest.json has 3 problem(s)')
    expect(message).toContain('workspace.x_min_m: missing')
    expect(message).toContain('workspace.x_mim_m: unknown key, did you mean x_min_m?')
    expect(message).toMatch(/rows: .*number.*, received "many"/)
  })

  test('an int8 package without calibration and comparison, or of verified accuracy', async () => {
    await copy.manifest((manifest) => ({ ...manifest, precision: { type: 'int8', accuracy: 'verified' } }))
    const { code, message } = await refusal()
    expect(code).toBe('POLICY_INVALID')
    for (const key of ['accuracy', 'calibration', 'agreement']) expect(message).toContain(`precision.${key}: `)
  })

  test('a lexicon with a word that the tokenizer does not know', async () => {
    await copy.manifest((manifest) => {
      manifest.lexicon.colors['shiny zebra'] = '#010203'
      return manifest
    })
    const message = expect.stringMatching(/lexicon has words that the tokenizer does not know: shiny zebra$/)
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', message, exit: 2 })
  })

  test('a manifest that is no JSON', async () => {
    await copy.write('manifest.json', '{')
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringContaining('not JSON') })
  })

  test('a manifest without thresholds names them', async () => {
    await copy.manifest(({ thresholds: _, ...rest }) => rest)
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringContaining('thresholds') })
  })

  test('a manifest whose graph has another shape than its workspace', async () => {
    await copy.manifest((manifest) => {
      manifest.models.decide.inputs.color.shape = [1, 320, 320, 3]
      return manifest
    })
    const expected =
      /decide\.onnx: expected color: uint8 \[1, 320, 160, 3\] but received color: uint8 \[1, 320, 320, 3\]/
    expect(await refusal()).toMatchObject({ code: 'POLICY_SHAPE', message: expect.stringMatching(expected), exit: 2 })
  })

  test('a graph with other tensors than its manifest says, although its checksum is right', async () => {
    await copy.replace('decide.onnx', await copy.read('maps.onnx'))
    const expected = /decide\.onnx: expected among its outputs pick_pixel/
    expect(await refusal()).toMatchObject({ code: 'POLICY_SHAPE', message: expect.stringMatching(expected), exit: 2 })
  })

  test('a graph that is none, although its checksum is right', async () => {
    await copy.replace('decide.onnx', new TextEncoder().encode('this is no graph'))
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', exit: 2 })
  })

  test('a tokenizer of another length than the text graph takes', async () => {
    const tokenizer = JSON.parse((await copy.read('tokenizer.json')).toString())
    await copy.replace('tokenizer.json', new TextEncoder().encode(JSON.stringify({ ...tokenizer, maxTokens: 7 })))
    expect(await refusal()).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringContaining('maxTokens') })
  })

  test('weights that are not numbers make an error, not a move', async () => {
    const bytes = await copy.read('decide.onnx')
    // The text's last weights; all bits set is not a number, whatever the alignment.
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 2048)
    await copy.replace('decide.onnx', bytes)
    const policy = await OnnxPolicy.load(copy.folder)
    try {
      await expect(policy.propose(aHeightmap(), goal)).rejects.toMatchObject({
        code: 'POLICY_INVALID',
        message: expect.stringMatching(/the net answered \w+ = NaN/),
      })
    } finally {
      await policy.close()
    }
  })

  test('a package without maps.onnx proposes without maps', async () => {
    await copy.manifest((manifest) => {
      delete manifest.models.maps
      return manifest
    })
    await copy.remove('maps.onnx')
    const policy = await OnnxPolicy.load(copy.folder)
    expect((await policy.propose(aHeightmap(), goal, { maps: true })).maps).toBeUndefined()
    await policy.close()
  })
})

describe('a package with names and heads of its own', () => {
  test('its inputs are fed by role, its grasp is read, and its lexicon and end effectors are told', async () => {
    const policy = await OnnxPolicy.load(tinyPackage)
    try {
      const heightmap = aHeightmap()
      heightmap.heightM[100 * 160 + 50] = 0.2
      // Half of it was not seen.
      heightmap.color.fill(0, 3 * 160 * 160)
      heightmap.heightM.fill(0, 160 * 160)
      const { pick, grasp } = await policy.propose(heightmap, goal)
      expect(pick).toMatchObject({ pixel: [100, 50], yawRad: 0.5 })
      expect(grasp?.widthM).toBeCloseTo(0.04, 6)
      expect(grasp?.tiltRad?.map((angle) => angle.toFixed(3))).toEqual(['0.100', '-0.200'])
      const suppress = [{ pixel: [100, 50] as const, radiusM: 0.001 }]
      expect((await policy.propose(heightmap, goal, { suppress })).pick.pixel).not.toEqual([100, 50])
      expect(policy.info).toMatchObject({ endEffectors: ['two_finger'], lexicon: { colors: { red: '#ff5759' } } })
    } finally {
      await policy.close()
    }
  })

  test('one without such heads says nothing of the grasp', async () => {
    const policy = await OnnxPolicy.load(shippedPackage)
    expect(await policy.propose(aHeightmap(), goal)).not.toHaveProperty('grasp')
    expect(policy.info.endEffectors).toEqual(['suction_cup'])
    await policy.close()
  })
})

describe('the thread', () => {
  test('the main thread stays free while decisions are computed', async () => {
    const policy = await OnnxPolicy.load(shippedPackage)
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    for (let i = 0; i < 10; i++) await policy.propose(aHeightmap(), goal)
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(10)
    await policy.close()
  })

  test('text is encoded once a sentence', async () => {
    const policy = await OnnxPolicy.load(shippedPackage)
    expect((await policy.propose(aHeightmap(), goal)).timingMs).toHaveProperty('text')
    expect((await policy.propose(aHeightmap(), goal)).timingMs).not.toHaveProperty('text')
    expect((await policy.propose(aHeightmap(), 'put the blue blocks in a red bowl')).timingMs).toHaveProperty('text')
    await policy.close()
  })

  test('a heightmap in shared memory is taken as well, and any other stays whole', async () => {
    const policy = await OnnxPolicy.load(shippedPackage)
    const plain = aHeightmap()
    const heightM = new Float32Array(new SharedArrayBuffer(plain.heightM.byteLength))
    const color = new Uint8Array(new SharedArrayBuffer(plain.color.byteLength))
    heightM.set(plain.heightM)
    color.set(plain.color)
    const shared = await policy.propose({ ...plain, heightM, color }, goal)
    expect(shared.pick).toEqual((await policy.propose(plain, goal, { maps: true })).pick)
    expect([plain.heightM, plain.color]).toEqual([aHeightmap().heightM, aHeightmap().color])
    await policy.close()
  })

  test('a proposal after close, and one that was waiting, end with an error', async () => {
    const policy = await OnnxPolicy.load(shippedPackage)
    const waiting = policy.propose(aHeightmap(), goal)
    const ended = expect(waiting).rejects.toMatchObject({ code: 'POLICY_INVALID' })
    await policy.close()
    await ended
    await expect(policy.propose(aHeightmap(), goal)).rejects.toMatchObject({ code: 'POLICY_INVALID' })
  })

  test('closing at any moment of a decision leaves the process alive', async () => {
    const script = `const { OnnxPolicy } = await import(${JSON.stringify(projectPath('dist/io/policy/onnx-policy.js'))})
      const spec = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }
      const cells = 320 * 160
      const heightmap = { spec, rows: 320, cols: 160, heightM: new Float32Array(cells), color: new Uint8Array(3 * cells), stampNs: 0n }
      for (let delayMs = 0; delayMs < 20; delayMs++) {
        const policy = await OnnxPolicy.load(${JSON.stringify(shippedPackage)})
        const waiting = policy.propose(heightmap, ${JSON.stringify(goal)}).catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, delayMs))
        await policy.close()
        await waiting
      }
      console.log('alive')`
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 200_000 })
    await expect(run).resolves.toMatchObject({ stdout: 'alive\n' })
  })

  test('a provider that is required and not there is an error with the reason', async () => {
    await expect(OnnxPolicy.load(shippedPackage, { providers: ['tensorrt'] })).rejects.toMatchObject({
      code: 'ADDON_MISSING',
      message: expect.stringMatching(/tensorrt: \S+/),
    })
  })

  test('a provider that is not there and not required is reported, and the next one runs', async () => {
    const lines: string[] = []
    const policy = await OnnxPolicy.load(shippedPackage, {
      providers: ['tensorrt', 'cpu'],
      log: (line) => lines.push(line),
    })
    expect(policy.execution.provider).toBe('cpu')
    expect(lines).toEqual([expect.stringMatching(/tensorrt cannot be used, cpu runs instead: \S+/)])
    await policy.close()
  })

  test('a process that forgets to close its policy ends all the same', async () => {
    const module = projectPath('dist/io/policy/onnx-policy.js')
    const script = `const { OnnxPolicy } = await import(${JSON.stringify(module)})
      await OnnxPolicy.load(${JSON.stringify(shippedPackage)})
      console.log('loaded')`
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 200_000 })
    await expect(run).resolves.toMatchObject({ stdout: 'loaded\n' })
  })
})

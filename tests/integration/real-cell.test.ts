// A cell whose cameras are RealSense ones: software cameras that look at a simulated cell, or a recording. The runtime
// knows that cell as the address of a robot only.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SoftwareCamera } from '@cliport/realsense/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RgbdFrame } from '../../src/control/types.js'
import { createProjector } from '../../src/io/projector.js'
import { openCameras } from '../../src/runtime/cameras.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import type { Config } from '../../src/runtime/config/schema.js'
import { runSentence } from '../../src/runtime/run.js'
import { workspaceOf } from '../../src/runtime/settings.js'
import { d435Recording } from '../fixtures/data.js'
import { tinyPackage } from '../fixtures/policy.js'
import { useLibrary } from '../fixtures/realsense.js'
import { verifyRecording } from '../fixtures/recordings.js'
import { sceneFrames, sceneTask, showFrames, startLiveCell } from '../fixtures/scene.js'

const skip = useLibrary('2.59.1')
const goal = 'put the red blocks in a green bowl'
const never = new AbortController().signal
let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-real-cell-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

/** Settings as a person writes them. */
function settings(cameras: readonly object[], robot: object = {}): { readonly text: string; readonly config: Config } {
  // JSON is YAML.
  const text = JSON.stringify({
    version: 1,
    cameras,
    robot,
    policy: { threads: 1 },
    run: { out, max_failures_in_a_row: 2 },
  })
  return { text, config: mergeConfig({ text, name: 'cell.yaml' }, {}, {}) }
}

function entry({ camera, T_base_camera }: RgbdFrame, serial: string): object {
  // Long enough for the busiest machine.
  return {
    name: camera,
    serial,
    timeout_s: 60,
    T_base_camera: [0, 4, 8, 12].map((at) => [...T_base_camera.subarray(at, at + 4)]),
  }
}

describe.skipIf(skip !== undefined)('a cell with RealSense cameras', () => {
  let scene: RgbdFrame[]
  let endFeed = async () => {}

  beforeAll(async () => {
    scene = await sceneFrames(3, goal)
  })
  afterEach(async () => {
    await endFeed()
    endFeed = async () => {}
  })

  /** Software cameras that look at the scene, and the settings that name them. */
  async function lookAtScene(prefix: string): Promise<object[]> {
    const serials = scene.map((_, i) => `${prefix}${i}`)
    await endFeed()
    endFeed = await showFrames(scene, serials)
    return scene.map((frame, i) => entry(frame, serials[i]!))
  }

  test('three cameras by serial number make the heightmap that their scene has', async () => {
    const { config } = settings(await lookAtScene('MAP'))
    const camera = await openCameras(config.cameras, workspaceOf(config), never)
    const frames = await camera.capture()
    await camera.close()
    expect(frames.map((frame) => frame.camera)).toEqual(scene.map((frame) => frame.camera))
    const [seen, expected] = await Promise.all(
      [frames, scene].map((some) => createProjector().project(some, workspaceOf(config))),
    )
    const differs = Array.from(seen!.heightM.keys()).filter(
      (cell) => Math.abs(seen!.heightM[cell]! - expected!.heightM[cell]!) > 0.001,
    )
    // Depth in steps of 0.1 mm: a point on the border of two cells falls into the other one.
    expect(differs.length / seen!.heightM.length).toBeLessThan(0.02)
    const colour = (cell: number) => seen!.color[3 * cell]! + seen!.color[3 * cell + 1]! + seen!.color[3 * cell + 2]!
    expect(
      Array.from(seen!.heightM.keys()).filter((cell) => seen!.heightM[cell]! > 0.02 && colour(cell) === 0),
    ).toEqual([])
  })

  test('a sentence becomes a finished pick and place, seen through three RealSense cameras only', async () => {
    const serials = scene.map((_, i) => `LIVE${i}`)
    await endFeed() // of a try before
    const cell = await startLiveCell(3, goal, serials, join(out, `keys-${Date.now()}`))
    endFeed = async () => {
      await cell.end()
    }
    const cameras = scene.map((frame, i) => entry(frame, serials[i]!))
    const { config } = settings(cameras, cell.robot)
    const told: string[] = []
    const run = (policy: Config['policy']) =>
      runSentence({
        sentence: goal,
        task: sceneTask,
        seed: 0,
        oracle: false,
        command: 'test',
        config: { ...config, policy },
        signal: never,
        tell: (line) => told.push(line),
      })
    // Its grasps are for fingers; what is mounted, the controller says.
    const forFingers = mergeConfig(null, {}, { 'policy.package': tinyPackage }).policy
    await expect(run(forFingers)).rejects.toMatchObject({ code: 'POLICY_END_EFFECTOR' })
    expect(told.filter((line) => line.startsWith('NO'))).toEqual([
      expect.stringMatching(/end effector +two_finger +suction_cup$/),
    ])
    const report = await run(config.policy)
    expect(told).toContainEqual(expect.stringMatching(/^ok +end effector +suction_cup +suction_cup$/))
    expect(report.error).toBeUndefined()
    expect(report).toMatchObject({ outcome: 'achieved', goal })
    expect(report).not.toHaveProperty('truth') // the runtime knows no cell
    expect(await cell.end()).toMatchObject({ achieved: true, score: 1 })
    const topics = await verifyRecording(join(report.folder, 'recording.mcap'))
    for (const { camera } of scene) expect(topics).toContain(`/camera/${camera}/color`)
    expect(readFileSync(report.page, 'utf8')).toContain('before-front.webp')
  })

  test('a camera that is not there ends it before the arm is asked for anything', async () => {
    const [first, ...rest] = (await lookAtScene('GONE')) as { serial: string }[]
    const { config } = settings([{ ...first, serial: 'NOBODY' }, ...rest], { link: 'tcp://127.0.0.1:9' })
    await expect(openCameras(config.cameras, workspaceOf(config), never)).rejects.toMatchObject({
      code: 'CAMERA_ABSENT',
      message: /'front'.*NOBODY.*GONE1/s,
    })
  })

  test('cameras that look elsewhere end it before the arm is asked for anything, with what they see and where', async () => {
    const { config } = settings(await lookAtScene('AWAY'))
    const moved = config.cameras.map((camera) => {
      const T = camera.T_base_camera.map((row) => [...row]) as typeof camera.T_base_camera
      T[0][3] += 3
      return { ...camera, T_base_camera: T }
    })
    await expect(openCameras(moved, workspaceOf(config), never)).rejects.toMatchObject({
      code: 'FRAME_INVALID',
      message: expect.stringMatching(/Nothing of the workspace .* was seen: camera 'front' sees \d+ points/),
    })
  })

  test('a camera that is there but shows nothing is named', async () => {
    const dark = new SoftwareCamera({ serial: 'DARK', depth: scene[0]!.intrinsics, color: scene[0]!.intrinsics })
    const { config } = settings([{ ...entry(scene[0]!, 'DARK'), timeout_s: 0.3 }])
    await expect(openCameras(config.cameras, workspaceOf(config), never)).rejects.toMatchObject({
      code: 'CAMERA_STALLED',
      message: /within 300 ms. 'front' is /,
    })
    dark.unplug()
  })

  test('on the command line a recording of a real D435 is a camera; the policy sees no bowl and does not act', async () => {
    // The recorded room, seen from above the table's edge: most of it lies outside the workspace.
    const camera = {
      name: 'd435',
      file: d435Recording,
      T_base_camera: [
        [0, 0, 1, -1.2],
        [-1, 0, 0, 0],
        [0, -1, 0, 0.1],
        [0, 0, 0, 1],
      ],
    }
    const { exitCode, report, stderr } = await cliport([camera])
    expect(report?.error, stderr).toBeUndefined()
    expect(['unsure', 'not_found', 'refused']).toContain(report?.outcome)
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ steps: 0 })
  })

  test('on the command line an absent camera is exit code 3 and says what to do', async () => {
    const { exitCode, stderr } = await cliport([entry(scene[0]!, 'NOBODY')])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/CAMERA_ABSENT.*'front'.*NOBODY/s)
    expect(stderr).toContain('cliport camera check')
  })

  async function cliport(list: readonly object[]) {
    const file = join(out, 'cell.yaml')
    await endFeed() // of a try before
    const arm = await startLiveCell(3, goal, ['ARM0', 'ARM1', 'ARM2'], join(out, `keys-${Date.now()}`))
    writeFileSync(file, settings(list, arm.robot).text)
    endFeed = async () => {
      await arm.end()
    }
    const args = ['dist/cli/main.js', 'run', goal, '--config', file, '--json']
    const env = { ...process.env, CLIPORT_ROBOT_KEYS: arm.robot.keys }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
    const last = stdout.trim().split('\n').at(-1) ?? ''
    return { exitCode, report: last.startsWith('{') ? JSON.parse(last) : null, stderr }
  }
})

describe('what does not go together with real cameras', () => {
  const T_base_camera = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]
  const front = { name: 'front', serial: '1', T_base_camera }
  const run = (config: Config, more = {}) =>
    runSentence({
      sentence: goal,
      task: 'none',
      seed: 0,
      oracle: false,
      command: 'test',
      config,
      signal: never,
      tell: () => {},
      ...more,
    })

  test('no robot, the oracle, faults of the simulated cell: each is wrong use, told before anything starts', async () => {
    await expect(run(settings([front]).config)).rejects.toMatchObject({ code: 'USAGE', message: /no robot/ })
    const { config } = settings([front], { link: 'tcp://127.0.0.1:9' })
    await expect(run(config, { oracle: true })).rejects.toMatchObject({ code: 'USAGE', message: /oracle/ })
    await expect(run(config, { faults: { graspFailure: 1 } })).rejects.toMatchObject({ code: 'USAGE' })
  })

  test.each([
    ['a pose that is no rotation', { T_base_camera: [[2, 0, 0, 0], ...T_base_camera.slice(1)] }, /unit vectors/],
    ['a mirror image', { T_base_camera: [[-1, 0, 0, 0], ...T_base_camera.slice(1)] }, /right-handed/],
    ['three rows', { T_base_camera: T_base_camera.slice(1) }, /T_base_camera/],
    [
      'a pose transposed, with the position in the last row',
      { T_base_camera: [...T_base_camera.slice(0, 3), [1, 2, 3, 1]] },
      /last row/,
    ],
    ['a serial number without quotes', { serial: 728612070259 }, /in quotes.*received 728612070259/s],
    ['a serial number and a file', { file: 'a.bag' }, /one of serial and file/],
    ['a misspelt key', { serail: '1' }, /unknown setting cameras\.0\.serail, did you mean serial/],
    ['a name that is no file name', { name: 'a/b' }, /letters, digits/],
  ])('%s is refused, with its place', (_, wrong, words) => {
    expect(() => settings([{ ...front, ...wrong }])).toThrow(words)
    expect(() => settings([{ ...front, ...wrong }])).toThrow(/cell\.yaml:1:\d+/)
  })

  test('two cameras of one name or one serial number are refused', () => {
    expect(() => settings([front, { ...front, serial: '2' }])).toThrow(
      /cameras\.1\.name: Expected a name that no other/,
    )
    expect(() => settings([front, { ...front, name: 'left' }])).toThrow(/cameras\.1\.serial/)
  })

  test('a preset that cannot be read is named', async () => {
    const { config } = settings([{ ...front, preset: 'nowhere.json' }])
    await expect(openCameras(config.cameras, workspaceOf(config), never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: /'front': cannot read nowhere\.json/,
    })
  })
})

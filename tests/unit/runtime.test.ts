// The small parts of the runtime that need neither cell nor sockets.

import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { addFault } from '../../src/cli/faults.js'
import { stageTable } from '../../src/cli/stage-table.js'
import { type CycleResult, runCycle } from '../../src/control/cycle.js'
import { pixelInFrame } from '../../src/control/frame.js'
import type { RobotLink } from '../../src/control/ports.js'
import type { RgbdFrame, Vec3 } from '../../src/control/types.js'
import { splitOf } from '../../src/evaluation/evaluate.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { StageHistograms } from '../../src/runtime/durations.js'
import { rebase, withOwnHeights } from '../../src/runtime/policy-workspace.js'
import { createPageWatcher } from '../../src/runtime/report/page-watcher.js'
import type { RunStep } from '../../src/runtime/report/types.js'
import { expectConsent } from '../../src/runtime/robot.js'
import { tellingOfPlans } from '../../src/runtime/run.js'
import { cycleSettingsOf, workspaceOf } from '../../src/runtime/settings.js'
import { expectedCalibrationError, reliabilityBins, wilsonInterval } from '../../src/runtime/statistics.js'
import type { Cell, SimFrame, Truth } from '../../src/sim/api.js'
import { createCellCamera } from '../../src/sim/cell-camera.js'
import { createOraclePolicy } from '../../src/sim/oracle-policy.js'
import { createTable, emptyMap, raise, settings, type TableOptions, workspace } from '../fixtures/table.js'

describe('durations', () => {
  test('percentiles, largest and count of every stage come out in milliseconds', () => {
    const stages = new StageHistograms()
    for (let ms = 1; ms <= 1000; ms++) stages.observe('plan', ms)
    const { p50, p90, p99, p999, max, n } = stages.of('plan')
    expect(n).toBe(1000)
    for (const [value, expected] of [
      [p50, 500],
      [p90, 900],
      [p99, 990],
      [p999, 999],
      [max, 1000],
    ] as const) {
      expect(Math.abs(value - expected) / expected).toBeLessThan(0.002)
    }
    expect(Object.keys(stages.all())).toEqual(['plan'])
  })

  test('a stage that never ran has a count of zero', () => {
    expect(new StageHistograms().of('execute')).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0, n: 0 })
  })

  test('the table for a terminal has one line a stage, aligned', () => {
    const stages = new StageHistograms()
    stages.observe('capture', 12)
    stages.observe('propose.decide', 0.5)
    const lines = stageTable(stages.all())
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(lines[1]).toMatch(/^capture +12\.0 +12\.0 +12\.0 +1$/)
  })
})

describe('statistics', () => {
  test.each([
    [50, 50, 0.9287, 1],
    [29, 30, 0.8333, 0.9941],
    [0, 10, 0, 0.2775],
  ])('the interval of %i of %i is the published Wilson interval, and has a width', (right, of, low, high) => {
    const scores = Array.from({ length: of }, (_, i) => (i < right ? 1 : 0))
    expect(wilsonInterval(scores)).toEqual([expect.closeTo(low, 3), expect.closeTo(high, 3)])
  })

  test('of nothing nothing is known', () => {
    expect(wilsonInterval([])).toEqual([0, 1])
  })

  propertyTest.prop([fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })])(
    'the interval stays within 0..1, holds the mean, and narrows with four times as many of the same values',
    (values) => {
      const [low, high] = wilsonInterval(values)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
      expect(low - 1e-12).toBeLessThanOrEqual(mean)
      expect(high + 1e-12).toBeGreaterThanOrEqual(mean)
      const [narrowLow, narrowHigh] = wilsonInterval([values, values, values, values].flat())
      expect(narrowHigh - narrowLow).toBeLessThan(high - low)
    },
  )

  test('the calibration error is how far probabilities are from shares, weighed by how often they are said', () => {
    const said = (probability: number, right: number, of: number) =>
      Array.from({ length: of }, (_, i) => ({ probability, isTrue: i < right }))
    expect(expectedCalibrationError([...said(0.75, 3, 4), ...said(0.25, 1, 4)])).toBeCloseTo(0)
    expect(expectedCalibrationError([...said(0.95, 0, 1), ...said(0.25, 1, 4)])).toBeCloseTo(0.95 / 5)
    expect(expectedCalibrationError(said(1, 0, 3))).toBe(1)
    expect(expectedCalibrationError([])).toBe(0)
    expect(reliabilityBins(said(1, 1, 2))).toEqual([{ count: 2, meanProbability: 1, share: 0.5 }])
  })

  test('seeds belong to the splits of the published benchmark', () => {
    expect([0, 2, 1, 10001].map(splitOf)).toEqual(['train', 'train', 'val', 'test'])
  })
})

describe('faults of the cell on the command line', () => {
  test('several are gathered', () => {
    const faults = ['grasp-failure=0.3', 'nudge-m=0.01:0.02', 'kill-controller-at-s=2', 'camera=nan@3'].reduce(
      (before, text) => addFault(text, before),
      {},
    )
    expect(faults).toEqual({
      graspFailure: 0.3,
      nudgeM: [0.01, 0.02],
      killControllerAtS: 2,
      camera: { fault: 'nan', fromCapture: 3 },
    })
  })

  test.each([
    ['grasp-failur=1', 'grasp-failure=...'],
    ['grasp-failure=2', 'a number 0..1'],
    ['grasp-failure', 'a number 0..1'],
    ['camera=fog', 'stall, nan or zero'],
    ['nudge-m=0.02:0.01', 'two numbers in order'],
    ['nudge-m=0.01:0.02:0.03', 'two numbers in order'],
    ['nudge-m=:', 'a number 0..0.5'],
    ['', 'one of'],
  ])('%j is wrong use, with what was expected', (text, expected) => {
    expect(() => addFault(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(expected) }),
    )
  })
})

describe("the run's page", () => {
  async function told(options: TableOptions, signal = new AbortController().signal) {
    const steps: RunStep[] = []
    const cameras: string[] = []
    const watcher = createPageWatcher({
      step: (step) => steps.push(step),
      cameras: (when) => cameras.push(when),
      candidates() {},
    })
    const table = createTable(options)
    const ports = { ...table.ports, watcher, meter: watcher }
    const result: CycleResult = await runCycle(async () => 'tidy up', ports, settings, signal)
    watcher.end(result)
    return { steps, cameras, result }
  }

  test('hears of every action with its own stages, and of the look that found nothing left', async () => {
    const { steps, cameras } = await told({
      blocks: [
        [0.4, -0.3],
        [0.6, -0.2],
      ],
    })
    expect(steps.map(({ result }) => result)).toEqual(['placed', 'placed', 'finished'])
    expect(steps[0]!.plans.map(({ name }) => name)).toEqual(['pick', 'place'])
    expect(steps[0]!.executions).toHaveLength(2)
    expect(Object.keys(steps[0]!.stagesMs)).toEqual(
      expect.arrayContaining(['capture', 'project', 'propose', 'plan', 'check', 'execute', 'verify']),
    )
    expect(Object.keys(steps[2]!.stagesMs)).not.toContain('execute')
    expect(cameras).toEqual(['before', 'after', 'after'])
  })

  test('shows each step on the heights that were seen before it', async () => {
    const { steps } = await told({})
    const highest = steps.map(({ heightmap }) => Math.max(...heightmap.heightM.subarray(0, 160 * 120)))
    expect(highest[0]).toBeCloseTo(0.04)
    expect(highest[1]).toBe(0)
  })

  test('hears of a missed grasp and of a refused plan', async () => {
    expect((await told({ grasps: ['misses'] })).steps[0]).toMatchObject({ result: 'missed', executions: [{}] })
    const refused = await told({ inverse: (p: Vec3) => (p[1] > 0.05 ? null : [0]) })
    expect(refused.steps[0]).toMatchObject({ result: 'refused', note: expect.stringContaining('PLAN_UNREACHABLE') })
  })

  test('hears of a step that was cut short', async () => {
    const abort = new AbortController()
    const { steps } = await told({ onExecute: () => void abort.abort() }, abort.signal)
    expect(steps).toMatchObject([{ result: 'stopped', plans: [{ name: 'pick' }, { name: 'place' }] }])
  })
})

describe('a policy on a map that begins lower than its own', () => {
  const lower = { ...workspace, zMinM: -0.02 }

  test('sees heights above its own zero; what lies below is table', () => {
    const map = { ...emptyMap(), spec: lower }
    raise(map, [0.5, 0], 0.04, 0.06)
    map.heightM[0] = 0.01
    const seen = rebase(map, workspace)
    expect(seen.spec).toEqual(workspace)
    expect(Math.max(...seen.heightM)).toBeCloseTo(0.04)
    expect(seen.heightM[0]).toBe(0)
    expect(map.heightM[0]).toBeCloseTo(0.01)
  })

  test('gets its own map untouched', async () => {
    const map = emptyMap()
    const seen: unknown[] = []
    const { policy } = createTable().ports
    const propose: typeof policy.propose = (heightmap, goal) => {
      seen.push(heightmap)
      return policy.propose(heightmap, goal)
    }
    await withOwnHeights({ ...policy, propose }).propose(map, 'goal')
    expect(seen[0]).toBe(map)
  })
})

describe('a base point in a picture', () => {
  // One metre above the table, looking straight down: its x along base -y, its y along base -x.
  const T_base_camera = Float64Array.of(0, -1, 0, 0.5, -1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1)
  const intrinsics = { width: 640, height: 480, fx: 500, fy: 500, cx: 320, cy: 240 }
  const frame = { intrinsics, T_base_camera } as RgbdFrame

  test('below the camera is the middle; to the left of the base is to the left', () => {
    expect(pixelInFrame(frame, [0.5, 0, 0])).toEqual([320, 240])
    expect(pixelInFrame(frame, [0.5, 0.1, 0])).toEqual([270, 240])
    expect(pixelInFrame(frame, [0.6, 0, 0])).toEqual([320, 190])
    expect(pixelInFrame(frame, [0.5, 0.1, 0.5])).toEqual([220, 240])
  })

  test('where colour has a camera of its own, the picture is that camera', () => {
    const color = { width: 1280, height: 720, fx: 1000, fy: 1000, cx: 640, cy: 360 }
    // Beside the depth camera: what depth sees in its middle lies 2 cm to the left of colour's.
    const T_color_depth = Float64Array.of(1, 0, 0, -0.02, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)
    const beside = { ...frame, colorCamera: { intrinsics: color, T_color_depth, lens: 'pinhole', coefficients: [] } }
    expect(pixelInFrame(beside as RgbdFrame, [0.5, 0, 0])).toEqual([620, 360])
    expect(pixelInFrame(beside as RgbdFrame, [0.5, -0.5, 0])).toEqual([1120, 360])
  })

  test('behind the camera or beside the picture is nowhere', () => {
    expect(pixelInFrame(frame, [0.5, 0, 1.5])).toBeNull()
    expect(pixelInFrame(frame, [0.5, 5, 0])).toBeNull()
  })
})

test('a link that tells of plans tells before each, and is the link it stands for', async () => {
  const heard: string[] = []
  const link = {
    backend: 'sim',
    lacks: ['lease'],
    state: { mode: 'armed' },
    arm: async () => void heard.push('arm'),
    execute: async () => {
      heard.push('execute')
      return { status: 'done' }
    },
    stop: async (reason: string) => void heard.push(reason),
    close: async () => void heard.push('close'),
  } as unknown as RobotLink
  const telling = tellingOfPlans(link, () => heard.push('told'))
  await telling.arm()
  expect(await telling.execute({} as never)).toEqual({ status: 'done' })
  await telling.stop('enough')
  await telling.close()
  expect(heard).toEqual(['arm', 'told', 'execute', 'enough', 'close'])
  expect([telling.backend, telling.lacks, telling.state]).toEqual([link.backend, link.lacks, link.state])
})

describe('the cameras of the cell', () => {
  const frame = { camera: 'front', labels: new Uint8Array(1) } as unknown as SimFrame
  const idle = async () => ({ isBusy: false, longestWaitS: 0 })

  test('give frames without the truth in them', async () => {
    const [seen] = await createCellCamera({ capture: async () => [frame], load: idle }, 1).capture()
    expect(seen).toEqual({ camera: 'front' })
  })

  test('that deliver nothing although the cell has nothing else to do are stalled after their time-out', async () => {
    const never = { capture: () => new Promise<never>(() => {}), load: idle }
    await expect(createCellCamera(never, 0.01).capture()).rejects.toMatchObject({ code: 'CAMERA_STALLED' })
  })

  test('whose pictures are still being drawn are waited for, however long a busy machine takes', async () => {
    let asked = 0
    let deliver: (frames: SimFrame[]) => void = () => {}
    const slow = {
      capture: () =>
        new Promise<SimFrame[]>((resolve) => {
          deliver = resolve
        }),
      load: async () => {
        if (++asked === 5) deliver([frame])
        return { isBusy: true, longestWaitS: 0 }
      },
    }
    await expect(createCellCamera(slow, 0.001).capture()).resolves.toEqual([{ camera: 'front' }])
  })

  test('that are waited for for ever are not stalled at once', async () => {
    const late = {
      capture: () => new Promise<SimFrame[]>((resolve) => setTimeout(() => resolve([frame]), 20)),
      load: idle,
    }
    await expect(createCellCamera(late, Number.POSITIVE_INFINITY).capture()).resolves.toEqual([{ camera: 'front' }])
  })

  test('that deliver nothing do not keep a stop waiting', async () => {
    const abort = new AbortController()
    const look = createCellCamera({ capture: () => new Promise<never>(() => {}), load: idle }, 3600).capture(
      abort.signal,
    )
    abort.abort(new Error('stop'))
    await expect(look).rejects.toThrow('stop')
  })
})

describe('the oracle as a policy', () => {
  const pose = { pixel: [3, 4], p_base_m: [0.3, -0.4, 0.04], yawRad: 0.5 } as const
  const policyOf = (remaining: boolean, action: Awaited<ReturnType<Cell['oracle']>>) =>
    createOraclePolicy({ truth: async () => ({ remaining }) as Truth, oracle: async () => action }, workspace)

  test('is sure of what the oracle would do', async () => {
    const proposal = await policyOf(true, { primitive: 'pick_place', pick: pose, place: pose }).propose(
      emptyMap(),
      'goal',
    )
    expect(proposal).toMatchObject({
      remaining: 1,
      pick: { ...pose, probability: 1 },
      place: { ...pose, probability: 1 },
    })
  })

  test('is sure of nothing when what is left cannot be seen', async () => {
    expect(await policyOf(true, null).propose(emptyMap(), 'goal')).toMatchObject({
      remaining: 1,
      pick: { probability: 0 },
    })
  })

  test('says when nothing is left', async () => {
    expect(await policyOf(false, null).propose(emptyMap(), 'goal')).toMatchObject({ remaining: 0 })
  })
})

describe('composition', () => {
  test('settings reach the cycle with their units', () => {
    const config = mergeConfig(null, {}, { 'limits.speed_mps': 0.3, 'workspace.z_min_m': -0.02, 'run.max_steps': 7 })
    expect(cycleSettingsOf(config)).toMatchObject({ limits: { speedMps: 0.3 }, budget: { steps: 7 } })
    expect(workspaceOf(config)).toEqual({ ...workspace, zMinM: -0.02 })
  })

  test('the defaults are those that the cycle is tested with', () => {
    const { park: _, ...defaults } = cycleSettingsOf(mergeConfig(null, {}, {}))
    const { park: __, ...tested } = settings
    expect(defaults).toEqual(tested)
  })

  test('a real arm does not move without consent, a simulated one needs none', async () => {
    const config = mergeConfig(null, {}, {})
    const consented = mergeConfig(null, {}, { 'robot.consent_to_motion': true })
    const ask = (backend: string, settings = config, answer?: boolean) =>
      expectConsent({ backend } as RobotLink, settings, () => {}, answer === undefined ? undefined : async () => answer)
    await expect(ask('franka')).rejects.toThrow(expect.objectContaining({ code: 'CONSENT_REQUIRED' }))
    await expect(ask('franka', config, false)).rejects.toThrow(/real arm/)
    await expect(ask('a backend of tomorrow')).rejects.toThrow(/real arm/)
    await ask('franka', config, true)
    await ask('franka', consented)
    await ask('sim')
    await ask('cell')
  })

  test('a person hears which guarantees a link lacks before the question', async () => {
    const heard: string[] = []
    const link = { backend: 'deoxys', lacks: ['watchdog', 'lease'] } as unknown as RobotLink
    await expectConsent(
      link,
      mergeConfig(null, {}, {}),
      (line) => heard.push(line),
      async () => heard.push('asked') > 0,
    )
    expect(heard).toEqual([expect.stringContaining('no watchdog, no lease'), 'asked'])
  })
})

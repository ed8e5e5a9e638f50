// The latency benchmark without a clock, a cell or a controller: schedule, durations, figures, power, comparison.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { distributionChart, timelineChart } from '../../src/bench/latency/charts.js'
import { compareLatency, ratioInterval, readLatencyReport } from '../../src/bench/latency/compare.js'
import { cellSource, replaySource } from '../../src/bench/latency/frame-source.js'
import { weightPrecision } from '../../src/bench/latency/onnx-precision.js'
import { latencyPage } from '../../src/bench/latency/page.js'
import { durationsOf, jitterMs, type Pass, reactionsMs } from '../../src/bench/latency/pass.js'
import { powerMode, readNvidiaSmi, readTegrastats, watchUsage } from '../../src/bench/latency/power.js'
import { figuresOf, type LatencyReport } from '../../src/bench/latency/report.js'
import { atFixedRate, type Turn, type Waiting } from '../../src/bench/latency/schedule.js'
import type { RgbdFrame } from '../../src/control/types.js'
import { delayed } from '../../src/evaluation/delay.js'
import type { SimFrame } from '../../src/sim/api.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-latency-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ms = (value: number) => BigInt(Math.round(value * 1e6))

/** A pass whose stages are 1 (wait), 40 (expose), 2, 5, 12 with parts, 1, 3 and 4 ms (link). */
function aPass(dueMs: number, { slowerMs = 0 } = {}): Pass {
  return {
    dueNs: ms(dueMs),
    startedNs: ms(dueMs + 1),
    exposedNs: ms(dueMs + 1.5),
    readyNs: ms(dueMs + 41),
    arrivedNs: ms(dueMs + 43),
    dispatchedNs: ms(dueMs + 64 + slowerMs),
    commandNs: ms(dueMs + 68 + slowerMs),
    cycleMs: { capture: 42, project: 5, propose: 12 + slowerMs, 'propose.decide': 11, plan: 1 },
  }
}

describe('a pass', () => {
  test('has stages that add up to the time from when it was due to the first command', () => {
    const { endToEndMs, frameToCommandMs, observationAgeMs, stagesMs } = durationsOf(aPass(1000))
    expect(endToEndMs).toBeCloseTo(68, 6)
    expect(frameToCommandMs).toBeCloseTo(28, 6)
    expect(observationAgeMs).toBeCloseTo(62.5, 6)
    const whole = Object.entries(stagesMs).filter(([name]) => !name.includes('.'))
    expect(whole.reduce((sum, [, value]) => sum + value, 0)).toBeCloseTo(endToEndMs, 6)
    expect(stagesMs).toMatchObject({ wait: 1, expose: 40, transfer: 2, project: 5, propose: 12, plan: 1, link: 4 })
    expect(stagesMs.other).toBeCloseTo(3, 6)
    expect(stagesMs).not.toHaveProperty('capture')
  })

  test('that begins after its frame has come has waited, and has not exposed anything', () => {
    const late: Pass = { ...aPass(0), exposedNs: 0n, readyNs: 0n, startedNs: ms(30) }
    const { stagesMs, endToEndMs, frameToCommandMs } = durationsOf(late)
    expect(stagesMs).toMatchObject({ wait: 30, expose: 0, transfer: 13 })
    expect(frameToCommandMs).toBeCloseTo(endToEndMs, 6)
  })

  test('answers a change up to a period after its own latency', () => {
    const reactions = reactionsMs([aPass(0), aPass(500)])
    expect(reactions).toHaveLength(10)
    // From the look (501.5) to the command (568) is 66.5 ms; the change was 25 to 475 ms before the look.
    expect(Math.min(...reactions)).toBeCloseTo(66.5 + 25, 6)
    expect(Math.max(...reactions)).toBeCloseTo(66.5 + 475, 6)
  })

  test('that is slower than the one before it shows as jitter', () => {
    expect(jitterMs([aPass(0), aPass(500, { slowerMs: 7 }), aPass(1000)], 500).map(Math.round)).toEqual([7, 7])
  })
})

/** A clock that only waiting and working move. */
class HandClock implements Waiting {
  nowMs = 0
  readonly clock = { nowNs: () => ms(this.nowMs) }
  async until(atNs: bigint): Promise<void> {
    this.nowMs = Math.max(this.nowMs, Number(atNs) / 1e6)
  }
}

describe('the schedule', () => {
  const never = new AbortController().signal
  const run = async (worksMs: readonly (number | 'again')[], count: number) => {
    const waiting = new HandClock()
    const left = [...worksMs]
    return atFixedRate({ periodNs: ms(100), count }, waiting, never, async (dueNs): Promise<Turn<number>> => {
      await waiting.until(dueNs)
      const work = left.shift()!
      waiting.nowMs += work === 'again' ? 250 : work
      if (work === 'again') return { kind: 'again' }
      return { kind: 'counted', value: waiting.nowMs - Number(dueNs) / 1e6 }
    })
  }

  test('counts the lateness that a slow pass brings upon those after it (no coordinated omission)', async () => {
    // One pass of 250 ms, the others take 10: those due meanwhile end late, although each of them was fast.
    expect(await run([10, 250, 10, 10, 10], 5)).toEqual([10, 250, 160, 70, 10])
  })

  test('does not count a turn that is none of the path, and goes on at the next period after it', async () => {
    expect(await run([10, 'again', 10, 10], 3)).toEqual([10, 10, 10])
  })

  test('ends between two passes when it is told to', async () => {
    const abort = new AbortController()
    const passes = atFixedRate({ periodNs: ms(1), count: 9 }, new HandClock(), abort.signal, async () => {
      abort.abort(new Error('stopped'))
      return { kind: 'counted', value: 0 }
    })
    await expect(passes).rejects.toThrow('stopped')
  })
})

describe('frames', () => {
  const frame = {
    camera: 'front',
    color: Uint8Array.of(1, 2, 3),
    depthM: Float32Array.of(0.5),
    labels: Uint8Array.of(7),
    stampNs: 5n,
  } as unknown as SimFrame

  test('of the cell come without the truth, and with the instants of their look', async () => {
    const look = { beganNs: 10n, readyNs: 20n }
    const load = async () => ({ isBusy: false, longestWaitS: 0, look })
    const { frames, instants } = await cellSource({ capture: async () => [frame], load }, ['front']).look(0n)
    expect(frames[0]).not.toHaveProperty('labels')
    expect(await instants).toEqual({ exposedNs: 10n, readyNs: 20n })
  })

  test('of a recording are complete when they are due, in buffers of their own', async () => {
    const { frames, instants } = await replaySource([frame as RgbdFrame]).look(42n)
    expect(frames[0]!.stampNs).toBe(42n)
    expect(frames[0]!.color).toEqual(frame.color)
    expect(frames[0]!.color.buffer).not.toBe(frame.color.buffer)
    expect(await instants).toEqual({ exposedNs: 42n, readyNs: 42n })
  })
})

describe('figures', () => {
  test('count deadline misses by the time from frame to command', () => {
    const passes = [aPass(0), aPass(500, { slowerMs: 40 }), aPass(1000)]
    const figures = figuresOf(passes, 2, 60)
    expect(figures.deadline_misses).toBe(1)
    expect(figures.frame_to_command).toMatchObject({ n: 3 })
    expect(figures.frame_to_command.max).toBeCloseTo(68, 0)
    expect(figures.samples.due_ms).toEqual([0, 500, 1000])
    expect(Object.keys(figures.stages).at(-1)).toBe('link')
  })

  test('have a 0 where a stage did not run in one pass', () => {
    const withText: Pass = { ...aPass(0), cycleMs: { ...aPass(0).cycleMs, 'propose.text': 2 } }
    expect(figuresOf([withText, aPass(500)], 2, 60).samples.stages_ms['propose.text']).toEqual([2, 0])
  })
})

describe('precision', () => {
  /** One field with a length. */
  const field = (number: number, content: readonly number[]) => [number * 8 + 2, content.length, ...content]
  const tensor = (type: number, dims: readonly number[], packed: boolean) =>
    field(5, [...(packed ? field(1, dims) : dims.flatMap((dim) => [8, dim])), 2 * 8, type])
  const model = (...tensors: number[][]) => Uint8Array.from([8, 9, ...field(7, tensors.flat())])

  test('is the type that most of the weights have', () => {
    const graph = model(tensor(1, [2, 3], true), tensor(10, [100, 1], false), tensor(7, [120], true))
    expect(weightPrecision(graph)).toBe('float16')
    expect(weightPrecision(model(tensor(16, [4], true)))).toBe('bfloat16')
  })

  test('is unknown where there are no weights, or no graph at all', () => {
    expect(weightPrecision(model(tensor(7, [4], true)))).toBe('unknown')
    expect(weightPrecision(Uint8Array.of(0xff, 0xff, 0xff))).toBe('unknown')
  })
})

describe('power', () => {
  const write = (root: string, files: Readonly<Record<string, string>>) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true })
      writeFileSync(join(root, path), `${content}\n`)
    }
  }

  test('settings of the processor are read where the machine tells them', () => {
    const root = join(folder, 'laptop')
    write(root, {
      'devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave',
      'devices/system/cpu/intel_pstate/no_turbo': '1',
    })
    const jetson = () => 'NV Fan Mode:quiet\nNV Power Mode: MAXN\n0\n'
    const told = { governor: 'powersave', energy_preference: null, turbo: false, board_mode: 'MAXN' }
    expect(powerMode(root, jetson)).toEqual(told)
    const untold = { governor: null, energy_preference: null, turbo: null, board_mode: null }
    expect(powerMode(join(folder, 'nothing'), () => null)).toEqual(untold)
  })

  test('energy is the sum of the packages, and a counter may begin again at 0', () => {
    const root = join(folder, 'server')
    const counter = (name: string, uj: number) => ({
      [`class/powercap/${name}/energy_uj`]: `${uj}`,
      [`class/powercap/${name}/max_energy_range_uj`]: '1000000000',
    })
    write(root, { ...counter('intel-rapl:0', 5_000_000), ...counter('intel-rapl:1', 999_000_000) })
    write(root, counter('intel-rapl:0:0', 1)) // a part of package 0
    const end = watchUsage(root)
    write(root, { ...counter('intel-rapl:0', 8_000_000), ...counter('intel-rapl:1', 1_000_000) })
    write(root, counter('intel-rapl:0:0', 900_000_000))
    const { energy, process_cpu_share: share } = end()
    expect(energy).toMatchObject({ joules: 5, source: 'rapl' })
    expect(share).toBeGreaterThan(0)
  })

  test('is absent where nothing tells it', () => {
    expect(watchUsage(join(folder, 'nothing'))().energy).toBeNull()
  })

  test('of a Jetson and of a GPU is read from the lines of their tools', () => {
    const orin =
      '11-30-2026 02:00:00 RAM 2448/7620MB (lfb 4x4MB) CPU [12%@1510,9%@1510] GR3D_FREQ 45% cpu@48.5C VDD_IN 4940mW/4900mW VDD_CPU_GPU_CV 1000mW/990mW'
    expect(readTegrastats(orin)).toEqual({ watts: 4.94, gpuShare: 0.45 })
    expect(readTegrastats('RAM 1/2MB GR3D_FREQ 0% POM_5V_IN 2100/2050')).toEqual({ watts: 2.1, gpuShare: 0 })
    expect(readTegrastats('nothing of the kind')).toEqual({ watts: null, gpuShare: null })
    expect(readNvidiaSmi('45, 71.32')).toEqual({ watts: 71.32, gpuShare: 0.45 })
    expect(readNvidiaSmi('[N/A], [N/A]')).toEqual({ watts: null, gpuShare: null })
  })
})

const aReport = (passes: readonly Pass[], rest: Partial<LatencyReport> = {}): LatencyReport => ({
  format: 'cliport-latency',
  version: 1,
  rate_hz: 2,
  ...figuresOf(passes, 2, 60),
  deadline_ms: 60,
  without_command: { n: 0, reasons: [] },
  repeated: 0,
  cold_start_ms: 900,
  cold_start: { process_ms: 300, policy_ms: 200, source_ms: 200, link_ms: 100, first_pass_ms: 100 },
  provider: 'cpu',
  precision: 'float32',
  policy: { name: 'edge', decide_sha256: 'a'.repeat(64), threads: 2 },
  heightmap: { mode: 'exact', threads: 1 },
  goal: 'put the red blocks in a green bowl',
  source: { kind: 'cell', cameras: ['front 640x480'], content: 'put-block-in-bowl-seen-colors, seed 3' },
  controller_scheduler: 'fifo',
  usage: { seconds: 10, process_cpu_share: 0.4, gpu_share: null, energy: null },
  processors_busy: 0.5,
  steal_ms: 0,
  power_mode: { governor: null, energy_preference: null, turbo: null, board_mode: null },
  versions: { cliport: '0.2.0', node: 'v20', onnxruntime: '1.30.0' },
  machine: { cpu: 'x', cores: 2, kernel: '6', node: 'v20', date: '2026-11-30', load_1min: 1, command: 'cliport bench' },
  ...rest,
})

/** Passes whose decisions take 0 to 4 ms more, in an order without a trend. */
const manyPasses = (slowerMs = 0) =>
  Array.from({ length: 100 }, (_, i) => aPass(500 * i, { slowerMs: slowerMs + ((i * 37) % 5) }))

describe('a comparison', () => {
  test('finds the ratio, and an interval that leaves out 1 only for a real difference', () => {
    const [fast, slow] = [aReport(manyPasses()), aReport(manyPasses(20))]
    const { rows } = compareLatency(fast, slow, ['a', 'b'])
    const path = rows.find(({ name, percentile }) => name === 'frame_to_command' && percentile === 50)!
    expect(path).toMatchObject({ a_ms: 30, b_ms: 50 })
    expect(path.ratio).toBeCloseTo(5 / 3, 6)
    expect(path.interval[0]).toBeGreaterThan(1.4)
    expect(path.interval[1]).toBeLessThan(1.9)
    const same = compareLatency(fast, fast, ['a', 'b']).rows.find(({ name }) => name === 'propose')!
    expect(same.interval[0]).toBeLessThanOrEqual(1)
    expect(same.interval[1]).toBeGreaterThanOrEqual(1)
  })

  test('gives a wider interval for fewer passes, and the same one each time', () => {
    const of = (n: number) => Array.from({ length: n }, (_, i) => 10 + ((i * 37) % 11))
    const [few, many] = [ratioInterval(of(25), of(25), 50), ratioInterval(of(1000), of(1000), 50)]
    expect(few[1] - few[0]).toBeGreaterThan(many[1] - many[0])
    expect(ratioInterval(of(25), of(25), 50)).toEqual(few)
  })

  test('says what else differs', () => {
    const other = aReport(manyPasses(), {
      provider: 'cuda',
      versions: { cliport: '0.2.0', node: 'v22', onnxruntime: '1.30.0' },
    })
    const { differences } = compareLatency(aReport(manyPasses()), other, ['a', 'b'])
    expect(differences).toEqual([
      { what: 'provider', a: 'cpu', b: 'cuda' },
      { what: 'Node', a: 'v20', b: 'v22' },
    ])
  })

  test.each<[string, Partial<LatencyReport>]>([
    ['the rate: 2 Hz and 5 Hz', { rate_hz: 5 }],
    ['the goal', { goal: 'put the blue blocks in a green bowl' }],
    ['the pictures', { source: { kind: 'cell', cameras: ['front 640x480'], content: 'seed 4' } }],
    ['where frames come from', { source: { kind: 'replay', cameras: ['front 640x480'], content: 'x' } }],
    ['the graph of the decision', { policy: { name: 'edge', decide_sha256: 'b'.repeat(64), threads: 2 } }],
    ['the deadline', { deadline_ms: 30 }],
  ])('is refused when the two differ in %s', (what, difference) => {
    const other = aReport(manyPasses(), difference)
    expect(() => compareLatency(aReport(manyPasses()), other, ['a', 'b'])).toThrow(what)
  })

  test('is refused for a handful of passes', () => {
    const few = aReport(manyPasses().slice(0, 5))
    expect(() => compareLatency(few, aReport(manyPasses()), ['a', 'b'])).toThrow('5 passes, at least 20')
  })

  test.each([
    ['no JSON', 'x', 'cannot be read'],
    ['another report', '{"format":"x"}', 'something else'],
    ['null', 'null', 'something else'],
    ['a later version', '{"format":"cliport-latency","version":2}', 'version 2'],
    ['samples that are cut off', JSON.stringify({ ...aReport(manyPasses()), samples: { due_ms: [1] } }), 'not whole'],
  ])('takes no file with %s', async (_, content, why) => {
    const path = join(folder, 'report.json')
    writeFileSync(path, content)
    await expect(readLatencyReport(path)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(why),
    })
  })

  test('reads what the benchmark writes', async () => {
    const path = join(folder, 'whole.json')
    const report = aReport(manyPasses())
    writeFileSync(path, JSON.stringify(report))
    expect(await readLatencyReport(path)).toEqual(report)
  })
})

describe('the page', () => {
  test('shows a stranger what was said, and runs none of it', () => {
    const page = latencyPage(aReport(manyPasses(), { goal: '<script>alert(1)</script>' }))
    expect(page).not.toContain('<script')
    expect(page).toContain('&lt;script&gt;')
    expect(page).toContain('0 of 100 passes later than 60 ms')
  })

  test('draws every pass and the deadline into diagrams that stand alone', () => {
    const report = aReport(manyPasses())
    const timeline = `${timelineChart(report)}`
    // One layer a whole stage, one bar a pass in it.
    const layer = /<path d="([^"]*)" style="fill:var\(--propose/.exec(timeline)![1]!
    expect(layer.split('M')).toHaveLength(101)
    for (const svg of [timeline, `${distributionChart(report)}`]) {
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
      expect(svg).toContain('deadline 60 ms')
      expect(svg).not.toContain('NaN')
    }
  })
})

test('a delayed policy answers the same after the cell has waited', async () => {
  const waited: number[] = []
  const proposal = {} as Awaited<ReturnType<Parameters<typeof delayed>[0]['propose']>>
  const policy = { info: {}, propose: async () => proposal, close: async () => {} } as unknown as Parameters<
    typeof delayed
  >[0]
  const cell = { wait: async (seconds: number) => void waited.push(seconds) }
  expect(await delayed(policy, cell, 0.2).propose({} as never, 'goal')).toBe(proposal)
  await delayed(policy, cell, 0).propose({} as never, 'goal')
  expect(waited).toEqual([0.2])
})

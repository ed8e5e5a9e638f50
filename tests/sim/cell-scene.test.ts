// What stands on the table, and what the cameras see of it.

import { fromBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishedWorkspace } from '../../src/control/published-workspace.js'
import { StateSchema } from '../../src/io/link/gen/link_pb.js'
import { projectHeightmap } from '../../src/native/heightmap.js'
import { publishedAppearance } from '../../src/sim/appearance.js'
import { suctionTool } from '../../src/sim/arm.js'
import { CellRenderer } from '../../src/sim/cell-renderer.js'
import { colorNames } from '../../src/sim/colors.js'
import { type Cell, type CellOptions, createCell, type SimFrame } from '../../src/sim/index.js'
import type { PlacedObject } from '../../src/sim/objects.js'
import { loadPhysics, Physics } from '../../src/sim/physics/physics.js'
import { isReachable, workspaceShare } from '../../src/sim/reach.js'
import { laidScene } from '../../src/sim/scene.js'
import { taskNamed } from '../../src/sim/tasks/index.js'
import { digest } from './cell-driver.js'

const task = 'put-block-in-bowl-seen-colors'
let cell: Cell
beforeAll(() => {
  cell = createCell('caller')
})
afterAll(() => cell.close())

const reset = (options: Partial<CellOptions> = {}) => cell.reset({ task, seed: 10001, clock: 'free', ...options })

function scene(seed: number, goal?: string) {
  const { scene, objects } = laidScene(taskNamed('put-block-in-bowl-full-colors'), seed, suctionTool, goal)
  return [scene, objects] as const
}

const seeds = Array.from({ length: 60 }, (_, i) => i)
/** From the outline of one object (a bowl's rim, a block's corners) to the other's outline; 0 or less inside of it. */
function leastGapM(a: PlacedObject, b: PlacedObject): number {
  const [halfX, halfY] = [a.shape.sizeM[0] / 2, a.shape.sizeM[1] / 2]
  const corners = [-1, 1].flatMap((i) => [-1, 1].map((k) => turned(i * halfX, k * halfY, a.yawRad)))
  const rim = Array.from({ length: 60 }, (_, i) => turned(a.shape.footprintM, 0, (i * Math.PI) / 30))
  const gaps = (a.kind === 'bowl' ? rim : corners).map(([dx, dy]) => {
    const away = [a.p_base_m[0] + dx - b.p_base_m[0], a.p_base_m[1] + dy - b.p_base_m[1]] as const
    if (b.kind === 'bowl') return Math.hypot(...away) - b.shape.footprintM
    const [x, y] = turned(...away, -b.yawRad).map(Math.abs) as [number, number]
    return Math.hypot(Math.max(0, x - b.shape.sizeM[0] / 2), Math.max(0, y - b.shape.sizeM[1] / 2))
  })
  return Math.min(...gaps)
}

function turned(x: number, y: number, yawRad: number): [number, number] {
  const [cos, sin] = [Math.cos(yawRad), Math.sin(yawRad)]
  return [x * cos - y * sin, x * sin + y * cos]
}

test('scenes have one to three bowls, at most as many blocks, and six distractors of other colours', () => {
  for (const seed of seeds) {
    const [{ goals, sentence, maxSteps }, objects] = scene(seed)
    const { moves } = goals[0]!
    const targets = moves[0]!.targets
    expect(targets.length).toBeGreaterThanOrEqual(moves.length)
    expect(targets.length).toBeLessThanOrEqual(3)
    expect(objects.length).toBe(moves.length + targets.length + 6)
    expect(maxSteps).toBe(moves.length + 1)
    const [, block, bowl] = /^put the (\w+) blocks in a (\w+) bowl$/.exec(sentence)!
    const labels = (kind: string, color: string) =>
      objects.filter((o) => o.kind === kind && o.color === color).map(({ label }) => label)
    expect(labels('block', block!)).toEqual(moves.map(({ object }) => object))
    expect(labels('bowl', bowl!)).toEqual(targets.map(({ label }) => label))
  }
})

test('objects stand apart, inside the workspace, where the arm gets to them at table and transit height', () => {
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  for (const seed of seeds) {
    const [, objects] = scene(seed)
    for (const a of objects) {
      const { footprintM: radiusM } = a.shape
      const [x, y] = a.p_base_m
      expect(isReachable(x, y, suctionTool)).toBe(true)
      expect(Math.min(x - xMinM, xMaxM - x, y - yMinM, yMaxM - y)).toBeGreaterThanOrEqual(radiusM)
      for (const b of objects) if (a !== b) expect(leastGapM(a, b)).toBeGreaterThanOrEqual(0.01 - 1e-9)
    }
  }
})

test('the scene is built round a sentence, with any of the colours', () => {
  for (const [i, bowl] of colorNames.entries()) {
    const block = colorNames[(i + 3) % colorNames.length]!
    const sentence = `put all ${block} blocks into the ${bowl} bowls`
    const [built, objects] = scene(i, sentence)
    expect(built.sentence).toBe(sentence)
    expect(objects.some((o) => o.kind === 'block' && o.color === block)).toBe(true)
    expect(objects.some((o) => o.kind === 'bowl' && o.color === bowl)).toBe(true)
  }
})

test('a sentence that the task cannot make is kept, and leaves nothing to do', async () => {
  const goal = 'pour me a coffee'
  expect(await reset({ goal })).toMatchObject({ goal })
  expect(await cell.truth()).toMatchObject({ goal, score: 0, achieved: false, remaining: false, validPicks: [] })
  expect(await cell.oracle()).toBeNull()
})

test('the arm reaches most of the published workspace, and not all', () => {
  const share = workspaceShare(suctionTool)
  expect(share).toBeGreaterThan(0.8)
  expect(share).toBeLessThan(1)
})

test.each([
  [{ task: 'stack-teapots' }, 'TASK_UNKNOWN', 'put-block-in-bowl'],
  [{ seed: -1 }, 'INPUT_INVALID', 'seed'],
  [{ seed: 0.5 }, 'INPUT_INVALID', 'seed'],
  [{ listen: 'tcp://127.0.0.1:*' }, 'INPUT_INVALID', 'paced'],
] as const)('%j is refused with a hint', async (options, code, hint) => {
  await expect(reset(options)).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) })
})

test('a cell that was not reset says so', async () => {
  const fresh = createCell('caller')
  await expect(fresh.truth()).rejects.toMatchObject({ code: 'CELL_FAILED' })
  await expect(fresh.send(new Uint8Array())).rejects.toMatchObject({ code: 'CELL_FAILED' })
  await expect(fresh.capture()).rejects.toMatchObject({ code: 'CELL_FAILED' })
})

async function fused(frames: readonly SimFrame[]) {
  const output = {
    heightM: new Float32Array(320 * 160),
    color: new Uint8Array(320 * 160 * 3),
    labels: new Uint8Array(320 * 160),
  }
  await projectHeightmap(
    frames.map((frame) => ({ ...frame, ...frame.intrinsics })),
    publishedWorkspace,
    output,
  )
  return output
}

test('the parked arm hides and shades nothing: each camera sees the same of the workspace with and without it', async () => {
  await reset()
  const { qRad } = fromBinary(StateSchema, await cell.state())
  for (const seed of seeds.slice(0, 3)) {
    const [, placed] = scene(seed)
    const physics = new Physics(await loadPhysics(), placed, suctionTool, qRad)
    const renderer = new CellRenderer(publishedAppearance(placed), suctionTool)
    const withArm = await renderer.look(physics, 0n)
    const withoutArm = await renderer.look(physics, 0n, { arm: false })
    physics.close()
    for (const [i, frame] of withoutArm.entries()) {
      const [bare, parked] = [await fused([frame]), await fused([withArm[i]!])]
      expect(parked.heightM).toEqual(bare.heightM)
      expect(parked.color).toEqual(bare.color)
    }
  }
})

function differing(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): number {
  return Array.from(a).filter((value, i) => Math.abs(value - b[i]!) > tolerance).length
}

test('each object is seen from above where the truth says that it is, as high as it is', async () => {
  await reset()
  const map = await fused(await cell.capture())
  const { objects } = await cell.truth()
  for (const { label, p_base_m, kind } of objects) {
    const cells = Array.from(map.labels.keys()).filter((i) => map.labels[i] === label)
    expect(cells.length).toBeGreaterThan(kind === 'block' ? 120 : 700)
    const mean = (of: (i: number) => number) => cells.reduce((sum, i) => sum + of(i), 0) / cells.length
    expect(mean((i) => 0.25 + ((i % 160) + 0.5) * 0.003125)).toBeCloseTo(p_base_m[0], 2)
    expect(mean((i) => -0.5 + (Math.floor(i / 160) + 0.5) * 0.003125)).toBeCloseTo(p_base_m[1], 2)
    expect(Math.max(...cells.map((i) => map.heightM[i]!))).toBeCloseTo(0.04, 2)
  }
})

test('nearly every cell of the workspace is seen, and the empty table has the height 0', async () => {
  await reset()
  const { color, heightM, labels } = await fused(await cell.capture())
  let empty = 0
  for (let i = 0; i < labels.length; i++) {
    if (color[3 * i]! + color[3 * i + 1]! + color[3 * i + 2]! === 0) empty++
    else if (labels[i] === 0) expect(heightM[i]).toBeLessThan(0.001)
  }
  expect(empty).toBeLessThan(60)
})

test('frames of a real sensor have noise and holes, the same for the same seed', async () => {
  await reset()
  const clean = (await cell.capture())[0]!
  await reset({ sensor: 'real' })
  const first = (await cell.capture())[0]!
  const second = (await cell.capture())[0]!
  await reset({ sensor: 'real' })
  expect(digest([(await cell.capture())[0]!])).toEqual(digest([first]))
  expect(digest([second])).not.toEqual(digest([first]))
  expect(differing(first.labels, clean.labels, 0)).toBe(0)
  const seen = Array.from(first.depthM.keys()).filter((i) => first.depthM[i]! > 0 && clean.depthM[i]! < 1.2)
  const rms = Math.sqrt(seen.reduce((sum, i) => sum + (first.depthM[i]! - clean.depthM[i]!) ** 2, 0) / seen.length)
  expect(rms).toBeGreaterThan(0.0005)
  expect(rms).toBeLessThan(0.02)
  const holes = Array.from(first.depthM).filter((depth) => depth === 0).length
  expect(holes).toBeGreaterThan(200)
  expect(holes).toBeLessThan(0.2 * first.depthM.length)
})

test('truth does not depend on the sensor or on the appearance of the cell', async () => {
  await reset()
  const { objects } = await cell.truth()
  await reset({ sensor: 'real', appearance: 'randomized' })
  expect((await cell.truth()).objects).toEqual(objects)
})

test('randomized appearance differs from seed to seed, has one to three cameras, and repeats', async () => {
  const counts = new Set<number>()
  const looks = new Set<string>()
  for (let seed = 0; seed < 12; seed++) {
    await reset({ seed, appearance: 'randomized' })
    const frames = await cell.capture()
    counts.add(frames.length)
    looks.add(`${frames[0]!.T_base_camera} ${frames[0]!.color.subarray(0, 300)}`)
  }
  expect([...counts].sort()).toEqual([1, 2, 3])
  expect(looks.size).toBe(12)
  await reset({ seed: 5, appearance: 'randomized' })
  const frames = await cell.capture()
  await reset({ seed: 5, appearance: 'randomized' })
  expect(digest(await cell.capture())).toEqual(digest(frames))
})

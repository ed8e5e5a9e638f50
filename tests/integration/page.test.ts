import { access, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Film } from '../../src/runtime/report/film.js'
import { RunFolder } from '../../src/runtime/report/run-folder.js'
import { aHeightmap, aProposal, aRunResult, aStep } from '../fixtures/runs.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cliport-page-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const head = { goal: 'put the red blocks in a green bowl', policy: 'edge', backend: 'cell', startedAt: new Date(0) }

describe("a run's folder", () => {
  test('has every file that its page names', async () => {
    const folder = await aWholeRun()
    const page = await readFile(join(folder.path, 'index.html'), 'utf8')
    const named = [...page.matchAll(/(?:src|srcset|href)="([^"#]+)"/g)].map(([, file]) => file!)
    expect(named).toEqual(
      expect.arrayContaining(['run.webp', 'run-end.webp', 'before-front.webp', 'step-1-pick.png', 'run.json']),
    )
    for (const file of named.filter((name) => name !== 'recording.mcap')) await access(join(folder.path, file))
    expect(basename(folder.recordingPath)).toBe('recording.mcap')
    expect(folder.problems).toEqual([])
  })

  test('keeps the result with its steps as JSON', async () => {
    const folder = await aWholeRun()
    const json = JSON.parse(await readFile(join(folder.path, 'run.json'), 'utf8'))
    expect(json).toMatchObject({ ...aRunResult(), run: { policy: 'edge' } })
    expect(json.history[0]).toMatchObject({ result: 'placed', proposal: { remaining: 0.99 }, plans: aStep().plans })
    expect(json.history[0].proposal.maps).toBeUndefined()
  })

  test('shows the heightmap as it was when the step was told, whatever happens to the buffers', async () => {
    const folder = await RunFolder.create(root, head)
    const heightmap = aHeightmap()
    const red = heightmap.color.fill(0).map((_, i) => (i % 3 === 0 ? 200 : 0))
    folder.step(aStep({ heightmap: { ...heightmap, color: red } }))
    red.fill(0)
    await folder.finish(aRunResult())
    const { data, info } = await sharp(join(folder.path, 'step-1-view.png')).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, ...data.subarray(0, 3)]).toEqual([320, 160, 200, 0, 0])
  })

  test('is a new one for every run, also within a second', async () => {
    const folders = await Promise.all([1, 2, 3].map(() => RunFolder.create(root, head)))
    expect(new Set(folders.map(({ path }) => path)).size).toBe(3)
    expect(await readdir(root)).toHaveLength(3)
  })

  test('that vanishes is a problem with names, and finish still returns', async () => {
    const folder = await RunFolder.create(root, head)
    folder.step(aStep())
    await rename(folder.path, `${folder.path}-gone`) // at once, while pictures are being written
    await folder.finish(aRunResult())
    expect(folder.problems.join('\n')).toMatch(/index\.html: ENOENT/)
  })

  test('that cannot be made is an error with a hint', async () => {
    await expect(RunFolder.create('/dev/null/runs', head)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      stage: 'start',
    })
  })

  test('of a run that ended before anything was seen still has a page', async () => {
    const folder = await RunFolder.create(root, head)
    const error = { code: 'CAMERA_STALLED', message: 'no frame for 2 s', hint: 'Look at the cable.' }
    const page = await folder.finish({ ...aRunResult(), outcome: 'error', error, stages: {}, steps: 0 })
    expect(await readFile(page, 'utf8')).toContain('no frame for 2 s')
    expect(folder.problems).toEqual([])
  })
})

describe('the animated picture', () => {
  test('has the frames in order, each shown for its share of the run', async () => {
    const film = new Film()
    for (const [i, stampNs] of [0n, 100_000_000n, 400_000_000n].entries()) film.add(aFrame(i * 80), stampNs)
    const { animation, speedup } = (await film.finish())!
    const { pages, delay } = await sharp(animation, { animated: true }).metadata()
    expect(pages).toBe(3)
    expect(delay!.slice(0, 2)).toEqual([100, 300])
    expect(speedup).toBe(1)
    const levels = await sharp(animation, { animated: true }).raw().toBuffer()
    const middles = [0, 1, 2].map((i) => levels[(i * 48 + 24) * 64 * 3]!)
    expect(middles.every((level, i) => Math.abs(level - i * 80) < 8)).toBe(true)
  })

  test('of a long run stays short: frames thinned evenly, time sped up', async () => {
    const film = new Film()
    for (let i = 0; i < 700; i++) {
      film.add(aFrame(i % 250), BigInt(i) * 100_000_000n)
      if (i % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 4))
    }
    const { animation, speedup } = (await film.finish())!
    const { pages, delay } = await sharp(animation, { animated: true }).metadata()
    expect(pages).toBeLessThanOrEqual(160)
    expect(pages).toBeGreaterThan(20)
    expect(speedup).toBeGreaterThan(3)
    expect(delay!.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(20_000)
  })

  test('is none when nothing was filmed, and a still when one frame was', async () => {
    expect(await new Film().finish()).toBeNull()
    const film = new Film()
    film.add(aFrame(10), 0n)
    expect(await sharp((await film.finish())!.animation).metadata()).toMatchObject({
      format: 'webp',
      width: 64,
      height: 48,
    })
  })

  test('leaves out a frame of another size or with missing bytes', async () => {
    const film = new Film()
    film.add(aFrame(10), 0n)
    film.add({ rgb: new Uint8Array(3), width: 1, height: 1 }, 1n)
    film.add({ rgb: new Uint8Array(3), width: 64, height: 48 }, 2n)
    const { pages } = await sharp((await film.finish())!.animation, { animated: true }).metadata()
    expect(pages ?? 1).toBe(1)
  })
})

function aFrame(level: number) {
  return { rgb: new Uint8Array(64 * 48 * 3).fill(level), width: 64, height: 48 }
}

async function aWholeRun(): Promise<RunFolder> {
  const folder = await RunFolder.create(root, head)
  const frame = {
    camera: 'front',
    intrinsics: { width: 64, height: 48, fx: 60, fy: 60, cx: 32, cy: 24 },
    T_base_camera: new Float64Array(16),
    color: aFrame(90).rgb,
    depthM: new Float32Array(64 * 48),
    stampNs: 0n,
  }
  folder.cameras('before', [frame])
  for (let i = 0; i < 5; i++) folder.observer(aFrame(i * 20).rgb, 64, 48, BigInt(i) * 100_000_000n)
  const proposal = aProposal({ maps: true })
  folder.step(aStep({ proposal, maps: Promise.resolve(proposal.maps!) }))
  folder.cameras('after', [frame])
  folder.step(aStep({ plans: [], executions: [], result: 'finished' }))
  await folder.finish(aRunResult())
  return folder
}

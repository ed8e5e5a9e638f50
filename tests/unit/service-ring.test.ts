// Which recordings go when there are too many.

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { RecordingRing, type RingLimits } from '../../src/service/recording-ring.js'

const root = mkdtempSync(join(tmpdir(), 'cliport-ring-'))
afterAll(() => rmSync(root, { recursive: true }))

const nowMs = Date.now()
const hourMs = 3_600_000
let folders = 0

/** Runs of 1000 bytes, with their age in hours. */
function runs(...all: readonly [name: string, ageH: number, outcome: string | null][]): string {
  const folder = join(root, `${folders++}`)
  for (const [name, ageH, outcome] of all) {
    mkdirSync(join(folder, name), { recursive: true })
    const recording = join(folder, name, 'recording.mcap')
    writeFileSync(recording, Buffer.alloc(1000))
    utimesSync(recording, (nowMs - ageH * hourMs) / 1000, (nowMs - ageH * hourMs) / 1000)
    if (outcome !== null) writeFileSync(join(folder, name, 'run.json'), JSON.stringify({ outcome }))
  }
  return folder
}

const generous: RingLimits = { mostBytes: 1e12, mostAgeMs: 1e15, leastFreeBytes: 0 }
async function removedOf(folder: string, limits: Partial<RingLimits>): Promise<string[]> {
  const ring = new RecordingRing(folder, { ...generous, ...limits }, () => {})
  return (await ring.prune(nowMs)).map((path) => basename(dirname(path)))
}

test('by size the oldest of achieved goals go first, then the oldest of the others', async () => {
  const folder = runs(
    ['failed-old', 9, 'failed'],
    ['good-old', 8, 'achieved'],
    ['cut-off', 5, null],
    ['good', 3, 'achieved'],
    ['failed', 2, 'failed'],
  )
  expect(await removedOf(folder, { mostBytes: 4000 })).toEqual(['good-old'])
  expect(await removedOf(folder, { mostBytes: 1000 })).toEqual(['good', 'failed-old', 'cut-off'])
})

test('by age recordings of achieved goals go, and others stay', async () => {
  const folder = runs(['failed', 48, 'failed'], ['good', 48, 'achieved'], ['new', 1, 'achieved'])
  expect(await removedOf(folder, { mostAgeMs: 24 * hourMs })).toEqual(['good'])
})

test('a disk with too little room loses recordings until there is enough, never the one that is being written', async () => {
  const folder = runs(['good', 2, 'achieved'], ['running', 0, null])
  expect(await removedOf(folder, { leastFreeBytes: Number.MAX_SAFE_INTEGER })).toEqual(['good'])
})

test('what is kept is counted, and a folder that is not there is no error', async () => {
  const ring = new RecordingRing(runs(['a', 1, 'achieved'], ['b', 1, 'failed']), generous, () => {})
  await ring.prune(nowMs)
  expect(ring.bytes).toBe(2000)
  expect(await new RecordingRing(join(root, 'none'), generous, () => {}).prune()).toEqual([])
})

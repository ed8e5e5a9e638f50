// Captioned household scenes: what is in them, how it lies, and what the truth tells of it (docs/captioned-scenes.md).

import { afterAll, expect, test } from 'vitest'
import { suctionTool } from '../../src/sim/arm.js'
import { randomCameras } from '../../src/sim/cameras.js'
import { captionedNouns } from '../../src/sim/captioned-things.js'
import { heldOutObjects } from '../../src/sim/household-objects.js'
import { createCell } from '../../src/sim/index.js'
import { evaluationShapes } from '../../src/sim/kit-shapes.js'
import { random } from '../../src/sim/random.js'
import { laidScene } from '../../src/sim/scene.js'
import { taskNamed } from '../../src/sim/tasks/index.js'

const task = 'captioned-household-scenes'
const seeds = Array.from({ length: 150 }, (_, i) => i)
const scenes = seeds.map((seed) => laidScene(taskNamed(task), seed, suctionTool))

const cell = createCell('caller')
afterAll(() => cell.close())

test('all nouns come, at least 45 of them, and none that is held out, in any seed', () => {
  const seen = new Set(scenes.flatMap(({ objects }) => objects.map(({ kind }) => kind)))
  expect([...seen].sort()).toEqual([...captionedNouns].sort())
  expect(seen.size).toBeGreaterThanOrEqual(45)
  const heldOut = [...heldOutObjects, ...evaluationShapes].map(({ name }) => name)
  expect(heldOut.filter((name) => seen.has(name))).toEqual([])
})

test('things lie alone, beside each other, on each other and in what holds things', () => {
  const counts = { above: 0, touching: 0, inside: 0, alone: 0 }
  for (const { objects } of scenes) {
    for (const { label, shape, p_base_m, aboveM, yawRad } of objects) {
      const near = objects
        .filter((other) => other.label !== label)
        .map((other) => ({
          other,
          apartM: Math.hypot(other.p_base_m[0] - p_base_m[0], other.p_base_m[1] - p_base_m[1]),
        }))
      if (near.every(({ other, apartM }) => apartM > shape.footprintM + other.shape.footprintM)) counts.alone++
      if (aboveM > 0.015) counts.above++
      const isIn = ({ other, apartM }: (typeof near)[number]) =>
        ['box', 'bowl', 'plate'].includes(other.kind) && apartM < other.shape.footprintM
      if (aboveM > 0 && near.some(isIn)) counts.inside++
      const touches = near.some(
        ({ other, apartM }) =>
          other.yawRad === yawRad && Math.abs(apartM - (other.shape.sizeM[0] + shape.sizeM[0]) / 2) < 0.001,
      )
      if (aboveM === 0 && touches) counts.touching++
    }
  }
  for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(40)
})

test('spots of every kind of holder are told, and only where nothing lies', () => {
  const holders = new Set<string>()
  for (const { scene, objects } of scenes) {
    for (const { label, p_object_m, roomM } of scene.spots ?? []) {
      const holder = objects.find((object) => object.label === label)!
      holders.add(holder.kind)
      const [cos, sin] = [Math.cos(holder.yawRad), Math.sin(holder.yawRad)]
      const x = holder.p_base_m[0] + cos * p_object_m[0] - sin * p_object_m[1]
      const y = holder.p_base_m[1] + sin * p_object_m[0] + cos * p_object_m[1]
      const there = objects.filter(
        (other) => other.label !== label && Math.hypot(other.p_base_m[0] - x, other.p_base_m[1] - y) < 0.02,
      )
      expect(there.map(({ kind }) => kind)).toEqual([])
      expect(Math.min(...roomM)).toBeGreaterThan(0.01)
    }
  }
  expect([...holders]).toEqual(expect.arrayContaining(['box', 'bowl', 'plate', 'book']))
})

test('comes to rest on the table, with free places where the truth tells them', async () => {
  const seed = seeds.find((one) => (scenes[one]!.scene.spots?.length ?? 0) > 1)!
  await cell.reset({ task, seed, clock: 'free' })
  const { objects, freePlaces = [], remaining } = await cell.truth()
  expect(remaining).toBe(false)
  expect(freePlaces).toHaveLength(scenes[seed]!.scene.spots!.length)
  for (const { p_base_m } of objects) expect(p_base_m[2]).toBeGreaterThan(-0.005)
  for (const { target, p_base_m } of freePlaces) {
    const holder = objects.find(({ label }) => label === target)!
    const apartM = Math.hypot(p_base_m[0] - holder.p_base_m[0], p_base_m[1] - holder.p_base_m[1])
    expect(apartM).toBeLessThan(Math.max(holder.sizeM[0], holder.sizeM[1]) / 2)
    expect(p_base_m[2]).toBeLessThan(0.1)
  }
  const household = objects.filter(({ color }) => color === 'own')
  expect(household.length).toBeGreaterThan(0)
})

test('cameras stand behind the arm, too, and nowhere else do they', () => {
  // The published ones stand at x = 0.
  const behind = (allRound: boolean) =>
    seeds.filter((seed) =>
      randomCameras(random(seed, 'cameras'), allRound).some(({ T_base_camera: T }) => T[3]! < -0.1),
    )
  expect(behind(true).length).toBeGreaterThan(3)
  expect(behind(false)).toEqual([])
})

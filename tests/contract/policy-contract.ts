// What every policy must do, whatever is behind it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Policy } from '../../src/control/ports.js'
import { aHeightmap } from '../fixtures/policy.js'

const goal = 'put the red blocks in a green bowl'

/**
 * @param graspYawRad yaw of every pick
 * @param stages parts of a decision that have a time of their own
 * @param openVocabulary it reads words by their parts, so none is unknown to it
 */
export function policyContract(
  name: string,
  load: () => Promise<Policy>,
  { graspYawRad = 0, stages = ['decide'], openVocabulary = false } = {},
): void {
  describe(`the policy contract: ${name}`, () => {
    let policy: Policy
    beforeAll(async () => {
      policy = await load()
    })
    afterAll(() => policy.close())

    test('a proposal has poses on the map, by the published convention', async () => {
      const heightmap = aHeightmap({ spec: policy.info.workspace })
      const { pick, place } = await policy.propose(heightmap, goal)
      for (const { pixel, p_base_m } of [pick, place]) {
        const [u, v] = pixel
        const { xMinM, yMinM, zMinM, pixelM } = heightmap.spec
        const heightM = heightmap.heightM[u * heightmap.cols + v]!
        expect(p_base_m[0]).toBeCloseTo(xMinM + v * pixelM, 12)
        expect(p_base_m[1]).toBeCloseTo(yMinM + u * pixelM, 12)
        expect(p_base_m[2]).toBeCloseTo(zMinM + heightM, 12)
      }
      expect(pick.yawRad).toBe(graspYawRad)
      // A rotation, and what the zoom stage turns beyond it.
      expect(Math.abs(place.yawRad)).toBeLessThanOrEqual(Math.PI)
    })

    test('probabilities are probabilities, and every stage has a time', async () => {
      const { pick, place, remaining, found, timingMs } = await policy.propose(aHeightmap(), goal)
      for (const probability of [pick.probability, place.probability, remaining, found]) {
        expect(probability).toBeGreaterThanOrEqual(0)
        expect(probability).toBeLessThanOrEqual(1)
      }
      expect(Object.values(timingMs).every((ms) => ms >= 0)).toBe(true)
      for (const stage of stages) expect(timingMs).toHaveProperty(stage)
    })

    test('the same look and sentence give the same proposal', async () => {
      const { timingMs: _, ...first } = await policy.propose(aHeightmap(), goal)
      const { timingMs: __, ...second } = await policy.propose(aHeightmap(), goal)
      expect(second).toEqual(first)
    })

    test('the heightmap is left as it was', async () => {
      const heightmap = aHeightmap()
      await policy.propose(heightmap, goal, { suppress: [{ pixel: [86, 66], radiusM: 0.02 }], maps: true })
      expect(heightmap).toEqual(aHeightmap())
    })

    test('no pick is proposed within a suppressed spot', async () => {
      const heightmap = aHeightmap()
      const suppress = []
      for (let i = 0; i < 4; i++) {
        const { pick } = await policy.propose(heightmap, goal, { suppress })
        for (const spot of suppress) {
          const distanceM = Math.hypot(pick.pixel[0] - spot.pixel[0], pick.pixel[1] - spot.pixel[1]) * 0.003125
          expect(distanceM).toBeGreaterThan(spot.radiusM)
        }
        suppress.push({ pixel: pick.pixel, radiusM: 0.02 })
      }
    })

    test('a pick is proposed only where one may be', async () => {
      const { rows, cols, ...rest } = aHeightmap()
      const pickCells = new Uint8Array(rows * cols).fill(1, 220 * cols)
      const { pick } = await policy.propose({ ...rest, rows, cols }, goal, { pickCells })
      expect(pick.pixel[0]).toBeGreaterThanOrEqual(220)
    })

    test('maps come when asked for, one value a cell, scaled to 0..1, and not otherwise', async () => {
      expect((await policy.propose(aHeightmap(), goal)).maps).toBeUndefined()
      const { maps } = await policy.propose(aHeightmap(), goal, { maps: true })
      for (const map of [maps!.pick, maps!.place]) {
        expect(map.length).toBe(320 * 160)
        expect(Math.min(...map)).toBeGreaterThanOrEqual(0)
        expect(Math.max(...map)).toBeLessThanOrEqual(1)
      }
    })

    test('a sentence without one known word is said to be so', async () => {
      const unknown = openVocabulary ? '... !?' : 'xyzzy qwertz'
      expect((await policy.propose(aHeightmap(), unknown)).knownWords).toBe(0)
      expect((await policy.propose(aHeightmap(), goal)).knownWords).toBeGreaterThan(0)
    })

    test('proposals asked for at the same time are all answered, each with its own answer', async () => {
      const empty = aHeightmap({ heightM: new Float32Array(320 * 160), color: new Uint8Array(3 * 320 * 160) })
      const [a, b, c] = await Promise.all([aHeightmap(), empty, aHeightmap()].map((map) => policy.propose(map, goal)))
      expect({ ...c, timingMs: 0 }).toEqual({ ...a, timingMs: 0 })
      expect(b!.pick.p_base_m[2]).toBe(0)
    })

    test('a signal that has been aborted ends a proposal with its reason, before and during', async () => {
      const before = AbortSignal.abort(new Error('before'))
      await expect(policy.propose(aHeightmap(), goal, { signal: before })).rejects.toThrow('before')
      const controller = new AbortController()
      const proposal = policy.propose(aHeightmap(), goal, { signal: controller.signal })
      controller.abort(new Error('during'))
      await expect(proposal).rejects.toThrow('during')
      await expect(policy.propose(aHeightmap(), goal)).resolves.toBeDefined()
    })

    test('another workspace than its own is refused, and both are named', async () => {
      const spec = { ...policy.info.workspace, zMinM: -0.02 }
      await expect(policy.propose(aHeightmap({ spec }), goal)).rejects.toMatchObject({
        code: 'POLICY_SHAPE',
        message: expect.stringMatching(/z 0\.\.0\.28.*z -0\.02\.\.0\.28/s),
      })
    })

    test('a height that is not finite is refused with its cell', async () => {
      const heightmap = aHeightmap()
      heightmap.heightM[3 * 160 + 5] = Number.NaN
      await expect(policy.propose(heightmap, goal)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/row 3, column 5/),
      })
    })
  })
}

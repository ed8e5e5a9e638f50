// What is for people alone waits until the arm moves: the maps behind a proposal, the film.

import { expect, test, vi } from 'vitest'
import type { Policy, ProposeOptions } from '../../src/control/ports.js'
import { film } from '../../src/runtime/report/film-camera.js'
import { withLateMaps } from '../../src/runtime/report/late-maps.js'
import { createPageWatcher } from '../../src/runtime/report/page-watcher.js'
import type { RunStep } from '../../src/runtime/report/types.js'
import { aHeightmap, aProposal } from '../fixtures/runs.js'

const suppress = [{ pixel: [3, 4], radiusM: 0.02 }] as const

function aPolicy(fail: (options: ProposeOptions) => boolean = () => false) {
  const asked: ProposeOptions[] = []
  const policy: Policy = {
    info: {} as Policy['info'],
    async propose(_heightmap, _goal, options = {}) {
      asked.push(options)
      if (fail(options)) throw new Error('the policy has gone')
      return aProposal({ maps: options.maps ?? false })
    },
    async close() {},
  }
  return { asked, late: withLateMaps(policy) }
}

test('a proposal comes without maps; they are asked for once, with the spots that were left out', async () => {
  const { asked, late } = aPolicy()
  const proposal = await late.policy.propose(aHeightmap(), 'tidy up', { suppress })
  expect(proposal.maps).toBeUndefined()
  expect(asked).toEqual([{ suppress, maps: false }])
  const [first, second] = await Promise.all([late.mapsOf(proposal), late.mapsOf(proposal)])
  expect(first).toEqual(aProposal({ maps: true }).maps)
  expect(second).toBe(first)
  expect(asked.slice(1)).toEqual([{ suppress, maps: true }])
})

test('a proposal whose place is chosen among some cells has the maps that this takes', async () => {
  const { late } = aPolicy()
  expect((await late.policy.propose(aHeightmap(), 'tidy up', { maps: true })).maps).toBeDefined()
})

test('there are none where the policy cannot say any more, and none behind a proposal of somebody else', async () => {
  const { late } = aPolicy(({ maps }) => maps === true)
  const proposal = await late.policy.propose(aHeightmap(), 'tidy up')
  expect(await late.mapsOf(proposal)).toBeNull()
  expect(await late.mapsOf(aProposal())).toBeNull()
})

test('the page asks for them when the motion is planned, not when the proposal comes', () => {
  const steps: RunStep[] = []
  const mapsOf = vi.fn(async () => null)
  const watcher = createPageWatcher(
    { step: (step) => steps.push(step), cameras: () => {}, candidates: () => {} },
    mapsOf,
  )
  watcher.looked?.({ frames: [], heightmap: aHeightmap() })
  watcher.proposed?.(aProposal(), { kind: 'act' } as never, 'tidy up')
  expect(mapsOf).not.toHaveBeenCalled()
  const plan = { name: 'pick', segments: [] }
  watcher.planned?.({ pick: plan, place: { ...plan, name: 'place' } } as never)
  expect(mapsOf).toHaveBeenCalledTimes(1)
  watcher.refused?.('out of reach')
  expect(mapsOf).toHaveBeenCalledTimes(1)
  expect(steps[0]!.maps).toBe(mapsOf.mock.results[0]!.value)
})

test('the film has no picture before it begins, and one at its end', async () => {
  const pictures: bigint[] = []
  const observe = vi.fn(async () => new Uint8Array(480 * 360 * 3))
  const reel = film({ observe }, { observer: (_rgb, _width, _height, stampNs) => pictures.push(stampNs) }, 10)
  await Promise.resolve()
  expect(observe).not.toHaveBeenCalled()
  reel.begin()
  reel.begin()
  expect(observe).toHaveBeenCalledTimes(1)
  await reel.end()
  expect(pictures).toHaveLength(2)
})

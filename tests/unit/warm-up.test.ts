// What is done before an arm is armed, so that no heartbeat waits for Node's compiler.

import { expect, test } from 'vitest'
import { createStageTimer } from '../../src/control/stage-timer.js'
import { warmUp } from '../../src/runtime/warm-up.js'
import { blockM, emptyMap, raise, reachesAll, settings } from '../fixtures/table.js'

test('warming up understands, plans and withdraws several times, one thing a turn, and asks the policy for nothing', async () => {
  const heightmap = emptyMap()
  raise(heightmap, [0.45, -0.2], blockM, blockM)
  const lexicon = {
    nouns: { block: ['block'], bowl: ['bowl'] },
    colors: { red: '#ff0000' },
    relations: { in: ['in'] },
    tasks: [],
  }
  const asked: string[] = []
  const policy = {
    info: { lexicon },
    propose: () => expect.unreachable(),
    close: async () => {},
  } as never
  const kinematics = {
    ...reachesAll,
    inverse: (...pose: Parameters<typeof reachesAll.inverse>) => {
      asked.push('inverse')
      return reachesAll.inverse(...pose)
    },
  }
  let turns = 0
  await warmUp({ frames: [], heightmap }, { policy, kinematics }, settings, async () => {
    turns++
  })
  expect(turns).toBeGreaterThanOrEqual(9)
  expect(asked.length).toBeGreaterThan(turns)
})

test('what else is due on the thread goes before each stage, and is no part of its duration', async () => {
  const did: string[] = []
  let now = 0n
  const clock = {
    nowNs: () => now,
    turn: async () => {
      did.push('turn')
      now += 5_000_000n
    },
  }
  const meter = { observe: (stage: string, durationMs: number) => did.push(`${stage} ${durationMs}`) }
  const timer = createStageTimer(clock, meter, { event() {} } as never)
  await timer.run('plan', () => {
    now += 2_000_000n
  })
  expect(did).toEqual(['turn', 'plan 2'])
})

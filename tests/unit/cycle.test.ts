import { expect, test } from 'vitest'
import { Conclusion } from '../../src/control/conclusion.js'
import { runCycle } from '../../src/control/cycle.js'
import { CliportError } from '../../src/control/errors.js'
import { endOf } from '../../src/control/tool-pose.js'
import { createTable, settings, type TableOptions } from '../fixtures/table.js'

const goal = async () => 'bring the blocks to the tray'

function run(options: TableOptions = {}, signal = new AbortController().signal, over: Partial<typeof settings> = {}) {
  const table = createTable(options)
  return { table, result: runCycle(goal, table.ports, { ...settings, lookFrom: 'park', ...over }, signal) }
}

test('one block is picked, placed, looked at and found done', async () => {
  const { table, result } = run()
  expect(await result).toMatchObject({ outcome: 'achieved', steps: 1, retries: 0 })
  expect(table.names()).toEqual(['pick', 'place', 'park'])
  expect(table.blocks[0]).toMatchObject({ done: true, x: expect.closeTo(0.5), y: expect.closeTo(0.1) })
})

test('every stage of the straight line runs, in its order', async () => {
  const { table, result } = run()
  await result
  expect(table.durations).toEqual([
    ...['capture', 'project', 'understand', 'propose', 'propose.pick', 'decide', 'plan', 'check'],
    ...[
      'execute',
      'execute',
      'execute',
      'capture',
      'project',
      'verify',
      'understand',
      'propose',
      'propose.pick',
      'decide',
    ],
  ])
})

test('the arm waits near the last action while the cameras look, and goes to the park pose when the goal is reached', async () => {
  const { table, result } = run({}, undefined, { lookFrom: 'near' })
  expect(await result).toMatchObject({ outcome: 'achieved', steps: 1 })
  expect(table.names()).toEqual(['pick', 'place', 'park', 'park'])
  const [, , near, park] = table.log.map((plan) => endOf(plan, settings.park).p_base_m)
  expect(park).toEqual(settings.park.p_base_m)
  expect(Math.hypot(near![0] - 0.5, near![1] - 0.1)).toBeLessThan(0.15)
  expect(near![2]).toBeGreaterThan(settings.workspace.zMaxM)
})

test('a plan that is refused from there is made once more from the park pose', async () => {
  const blocks: (readonly [number, number])[] = [
    [0.4, -0.3],
    [0.45, -0.15],
  ]
  let parked = true
  // From near the tray no line leads to the second block, from the park pose one does.
  const { table, result } = run(
    {
      blocks,
      inverse: (p) => (!parked && p[1] < -0.05 && p[1] > -0.14 ? null : [0, 0, 0, 0, 0, 0, 0]),
      onExecute: (plan) => {
        parked = endOf(plan, settings.park).p_base_m === settings.park.p_base_m
        return undefined
      },
    },
    undefined,
    { lookFrom: 'near' },
  )
  expect(await result).toMatchObject({ outcome: 'achieved', steps: 2, retries: 0 })
  expect(table.names()).toEqual(['pick', 'place', 'park', 'park', 'pick', 'place', 'park', 'park'])
})

test('the cameras look while the arm still comes to rest, and the next plan waits until it does', async () => {
  const order: string[] = []
  let rest: () => void = () => {}
  const table = createTable({
    capture: async () => {
      order.push('look')
      return []
    },
  })
  const { link } = table.ports
  const execute = link.execute.bind(link)
  const slow: typeof link.execute = async (plan, signal, onSegment) => {
    order.push(plan.name)
    const execution = await execute(plan, signal, onSegment)
    if (plan.name === 'park') {
      await new Promise<void>((resolve) => {
        rest = resolve
      })
      order.push('at rest')
    }
    return execution
  }
  const ports = {
    ...table.ports,
    link: { ...link, state: link.state, execute: slow },
    policy: {
      ...table.ports.policy,
      propose: async (...request: Parameters<typeof table.ports.policy.propose>) => {
        order.push('propose')
        rest()
        return table.ports.policy.propose(...request)
      },
    },
  }
  Object.defineProperty(ports.link, 'state', { get: () => link.state })
  const result = runCycle(goal, ports, { ...settings, lookFrom: 'park' }, new AbortController().signal)
  expect(await result).toMatchObject({ outcome: 'achieved', steps: 1 })
  expect(order).toEqual(['look', 'propose', 'pick', 'place', 'park', 'look', 'propose', 'at rest'])
})

test('a conclusion while the arm still comes to rest ends the cycle when it does', async () => {
  const order: string[] = []
  let looks = 0
  let rest: () => void = () => {}
  const table = createTable({
    capture: async () => {
      looks++
      if (looks === 1) return []
      setImmediate(rest)
      throw new Conclusion('stopped', 'canceled by a person')
    },
  })
  const { link } = table.ports
  const execute: typeof link.execute = async (plan, signal, onSegment) => {
    const execution = await link.execute(plan, signal, onSegment)
    if (plan.name !== 'park') return execution
    await new Promise<void>((resolve) => {
      rest = resolve
    })
    order.push('at rest')
    return execution
  }
  const ports = { ...table.ports, link: { ...link, execute } }
  Object.defineProperty(ports.link, 'state', { get: () => link.state })
  const result = await runCycle(goal, ports, { ...settings, lookFrom: 'park' }, new AbortController().signal)
  order.push('over')
  expect(result).toMatchObject({ outcome: 'stopped', reason: 'canceled by a person', steps: 1 })
  expect(order).toEqual(['at rest', 'over'])
})

test('a goal that needs several actions goes on until the runtime concludes that it is done', async () => {
  const { result } = run({
    blocks: [
      [0.4, -0.3],
      [0.45, -0.15],
      [0.6, -0.2],
    ],
  })
  expect(await result).toMatchObject({ outcome: 'achieved', steps: 3, retries: 0 })
})

test('the conclusion comes from the policy, not from the number of actions', async () => {
  const { result } = run({ think: (proposal) => ({ ...proposal, remaining: 0.9 }) }, undefined, {
    budget: { steps: 1, failuresInARow: 4 },
  })
  expect(await result).toMatchObject({ outcome: 'failed', steps: 1, reason: expect.stringContaining('after 1 steps') })
})

test('a missed grasp is noticed and another block is tried first', async () => {
  const { table, result } = run({
    blocks: [
      [0.4, -0.3],
      [0.6, -0.2],
    ],
    grasps: ['misses'],
  })
  expect(await result).toMatchObject({ outcome: 'achieved', steps: 3, retries: 1 })
  const picked = table.log
    .filter(({ name }) => name === 'pick')
    .map((plan) => (plan.segments[0] as { p_base_m: readonly number[] }).p_base_m[0])
  expect(picked.map((x) => Math.round(10 * x!) / 10)).toEqual([0.4, 0.6, 0.4])
})

test('when only the failed spot is left it is tried again, and given up after the allowed failures in a row', async () => {
  const { table, result } = run({ grasps: Array(20).fill('misses') })
  expect(await result).toMatchObject({ outcome: 'failed', steps: 4, retries: 4 })
  expect(table.suppressed.map((spots) => spots.length)).toEqual([0, 1, 0, 1, 0, 1, 0, 1])
})

test('a missed grasp is never followed by a place', async () => {
  const { table, result } = run({ grasps: ['misses'] })
  await result
  expect(table.names()).toEqual(['pick', 'park', 'pick', 'place', 'park'])
})

test('something that falls on the way is noticed by the cameras and picked again where it fell', async () => {
  const { table, result } = run({ grasps: ['falls'] })
  const end = await result
  expect(end).toMatchObject({ outcome: 'achieved', steps: 2, retries: 1 })
  expect(end.history[0]!.verdict.result).toBe('lost')
  expect(end.history[0]!.verdict.droppedAt![0]).toBeCloseTo(0.6, 1)
  expect(table.blocks[0]!.done).toBe(true)
})

test.each([
  ['no known word', { knownWords: 0 }, 'unsure'],
  ['an improbable pick', { pick: { pixel: [9, 9], p_base_m: [0.4, 0, 0], yawRad: 0, probability: 0.2 } }, 'unsure'],
  ['an improbable place', { place: { pixel: [9, 9], p_base_m: [0.4, 0, 0], yawRad: 0, probability: 0.2 } }, 'unsure'],
  ['nothing of that name in view', { found: 0.1 }, 'not_found'],
  ['nothing of that name and nothing to do', { found: 0.1, remaining: 0.1 }, 'not_found'],
  ['a goal that is already reached', { remaining: 0.1 }, 'achieved'],
] as const)('%s: says so and does not move', async (_, over, outcome) => {
  const { table, result } = run({ think: (proposal) => ({ ...proposal, ...over }) })
  expect(await result).toMatchObject({ outcome, steps: 0 })
  expect(table.log).toEqual([])
})

test('a plan that the check refuses is never executed, and the reason is told', async () => {
  const { table, result } = run({ inverse: (p) => (p[1] > 0.05 ? null : [0, 0, 0, 0, 0, 0, 0]) })
  const end = await result
  expect(end).toMatchObject({ outcome: 'refused', steps: 0 })
  expect(end.reason).toContain('PLAN_UNREACHABLE')
  expect(table.log).toEqual([])
})

test('an unreachable block does not keep the others from being moved', async () => {
  const { table, result } = run({
    blocks: [
      [0.4, -0.4],
      [0.6, -0.2],
    ],
    inverse: (p) => (p[1] < -0.35 ? null : [0, 0, 0, 0, 0, 0, 0]),
  })
  expect(await result).toMatchObject({ outcome: 'refused', steps: 1 })
  expect(table.blocks.map(({ done }) => done)).toEqual([false, true])
})

test('a plan that the controller rejects ends the cycle as refused with its reason', async () => {
  const { result } = run({ onExecute: () => ({ status: 'rejected', reason: 'busy', detail: 'a plan is running' }) })
  expect(await result).toMatchObject({
    outcome: 'refused',
    reason: 'the controller refused the plan: busy: a plan is running',
  })
})

test('a fault of the controller ends the cycle as an error; nothing more is sent', async () => {
  const { table, result } = run({ onExecute: () => ({ status: 'fault', reason: 'unexpected_contact' }) })
  expect(await result).toMatchObject({ outcome: 'error', error: { code: 'ARM_FAULT' } })
  expect(table.names()).toEqual(['pick'])
})

test('an arm that stopped because heartbeats came too late is an error, not a wish', async () => {
  const { result } = run({ onExecute: () => ({ status: 'stopped', reason: 'watchdog' }) })
  expect(await result).toMatchObject({ outcome: 'error', error: { code: 'ARM_STOPPED' } })
})

test('a stop that somebody else asked for ends the cycle as stopped with its words', async () => {
  const { result } = run({
    onExecute: () => ({ status: 'stopped', reason: 'stop_requested', detail: 'watchdog of the cell' }),
  })
  expect(await result).toMatchObject({
    outcome: 'stopped',
    reason: 'the arm was stopped: stop_requested: watchdog of the cell',
  })
})

test('an abort in mid-move stops the arm and ends as stopped', async () => {
  const abort = new AbortController()
  const { table, result } = run({ onExecute: () => void abort.abort() }, abort.signal)
  expect(await result).toMatchObject({ outcome: 'stopped', reason: 'stopped by the caller' })
  expect(table.names()).toEqual(['pick'])
})

test.each(['rejected', 'fault'] as const)('an abort that shows first as %s ends as stopped', async (status) => {
  const abort = new AbortController()
  const onExecute = () => {
    abort.abort()
    return { status, reason: 'latched' as const }
  }
  const { result } = run({ onExecute }, abort.signal)
  expect(await result).toMatchObject({ outcome: 'stopped', reason: 'stopped by the caller' })
})

test('an abort while the policy thinks stops the arm too, and nothing moves', async () => {
  const abort = new AbortController()
  const think: TableOptions['think'] = (proposal) => {
    abort.abort()
    return proposal
  }
  const { table, result } = run({ think }, abort.signal)
  expect(await result).toMatchObject({ outcome: 'stopped' })
  expect(table.log).toEqual([])
  expect(table.stops).toEqual(['stopped by the caller'])
})

test('a lost controller ends the cycle as an error that keeps its code', async () => {
  const { table, result } = run({
    onExecute: () => {
      throw new CliportError('LINK_PEER_LOST', 'gone', { stage: 'execute', hint: 'look' })
    },
  })
  expect(await result).toMatchObject({ outcome: 'error', error: { code: 'LINK_PEER_LOST' } })
  expect(table.stops).toHaveLength(1)
})

test('a stalled camera ends the cycle as an error before anything moves', async () => {
  const { table, result } = run({
    capture: async () => {
      throw new CliportError('CAMERA_STALLED', 'front', { stage: 'capture', hint: 'cable' })
    },
  })
  expect(await result).toMatchObject({ outcome: 'error', error: { code: 'CAMERA_STALLED' } })
  expect(table.log).toEqual([])
})

test('what nobody expected is thrown, after the arm was stopped', async () => {
  const { table, result } = run({
    think: () => {
      throw new TypeError('a bug')
    },
  })
  await expect(result).rejects.toThrow('a bug')
  expect(table.stops).toEqual(['the cycle failed'])
})

test('the sentence is asked for before every proposal', async () => {
  const table = createTable({
    blocks: [
      [0.4, -0.3],
      [0.6, -0.2],
    ],
  })
  const sentences = ['first', 'second', 'third']
  const result = await runCycle(async () => sentences.shift()!, table.ports, settings, new AbortController().signal)
  expect(result.history.map(({ sentence }) => sentence)).toEqual(['first', 'second'])
  expect(result.goal).toBe('third')
})

test('the arm goes out of the cameras way before the first look', async () => {
  const table = createTable()
  const away = { ...settings, lookFrom: 'park' as const, park: { p_base_m: [0.3, -0.4, 0.5] as const, yawRad: 0 } }
  await runCycle(goal, table.ports, away, new AbortController().signal)
  expect(table.names()).toEqual(['park', 'pick', 'place', 'park'])
})

test('what is still held from before is nothing that the next goal begins with', async () => {
  const { table, result } = run({
    onExecute: ({ name }) =>
      name === 'place' ? { status: 'stopped', reason: 'stop_requested', segments: [] } : undefined,
  })
  expect(await result).toMatchObject({ outcome: 'stopped' })
  const before = table.names()
  expect(await runCycle(goal, table.ports, settings, new AbortController().signal)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('still holds something'),
    steps: 0,
  })
  expect(table.names()).toEqual(before)
})

// The cell in a worker thread. These tests start compiled code: build first.

import { existsSync } from 'node:fs'
import { fromBinary } from '@bufbuild/protobuf'
import { test as always, expect } from 'vitest'
import { EventKind, Reason, StateSchema } from '../../src/io/link/gen/link_pb.js'
import { workerUrl } from '../../src/native/paths.js'
import { CellClient } from '../../src/sim/cell-client.js'
import { type Cell, createCell } from '../../src/sim/index.js'
import { CellDriver, digest, outcome } from './cell-driver.js'

const built = existsSync(workerUrl('sim/cell-worker'))
const test = always.skipIf(!built)
const options = { task: 'put-block-in-bowl-seen-colors', seed: 10001, clock: 'free' } as const

/** Without its header, which names the sender of this run. */
async function stateOf(cell: Cell) {
  return { ...fromBinary(StateSchema, await cell.state()), header: undefined }
}

test('a cell in a worker gives what one in the calling thread gives', async () => {
  const cells = [createCell('worker'), createCell('caller')]
  const results = []
  for (const cell of cells) {
    const ready = await cell.reset(options)
    const driver = new CellDriver(cell)
    await driver.arm()
    const frames = await cell.capture()
    const action = await cell.oracle()
    const held = await driver.act(action!)
    results.push({
      ready,
      frames: digest(frames),
      action,
      held,
      truth: await cell.truth(),
      state: await stateOf(cell),
    })
    await cell.close()
  }
  expect(results[0]).toEqual(results[1])
  expect(results[0]!.held).toBe(true)
})

test('an error keeps its code and hint on the way out of the worker', async () => {
  const cell = createCell('worker')
  await expect(cell.reset({ ...options, task: 'stack-teapots' })).rejects.toMatchObject({
    name: 'CliportError',
    code: 'TASK_UNKNOWN',
    hint: expect.stringContaining('put-block-in-bowl'),
  })
  await cell.close()
})

test('a worker that dies rejects every call that waits, and every later one', async () => {
  const cell = new CellClient()
  await cell.reset({ ...options, faults: { camera: { fromCapture: 0, fault: 'stall' } } })
  const waiting = [cell.capture(), cell.capture()].map((call) => call.catch((error: unknown) => error))
  await cell.kill()
  for (const call of waiting) expect(await call).toMatchObject({ code: 'CELL_FAILED' })
  await expect(cell.truth()).rejects.toMatchObject({ code: 'CELL_FAILED' })
  await cell.close()
})

test('in the paced clock time goes on by itself, and an endpoint is bound', async () => {
  const cell = createCell('worker')
  const { link } = await cell.reset({ ...options, clock: 'paced', listen: 'tcp://127.0.0.1:*' })
  expect(link?.address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
  const { timeS } = await cell.truth()
  let later = timeS
  while (later < timeS + 0.1) later = (await cell.truth()).timeS // ends by the test's time-out if it stands still
  expect(fromBinary(StateSchema, await cell.state()).stampNs).toBeGreaterThan(BigInt(Math.round(timeS * 1e9)))
  await cell.close()
})

test('in the paced clock a plan ends by itself, and its events come with a later message', async () => {
  const cell = createCell('worker')
  await cell.reset({ ...options, clock: 'paced' })
  const driver = new CellDriver(cell)
  await driver.arm()
  const events = await driver.hover([0.3, 0, 0])
  let counter = 0n
  while (!events.some(({ kind }) => kind === EventKind.EVENT_DONE || kind === EventKind.EVENT_ENDED)) {
    events.push(...(await driver.request({ case: 'heartbeat', value: { counter: ++counter } })))
  }
  expect(outcome(events)).toMatchObject({ reason: Reason.NONE })
  expect(outcome(events).pBase!.xM).toBeCloseTo(0.3, 6)
  await cell.close()
})

// What the settings say of the robot holds in the simulated cell's own controller too, not only in the planner.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linkVersion } from '../../src/io/link/codec.js'
import { EventKind, Reason, ReplySchema, RequestSchema } from '../../src/io/link/gen/link_pb.js'
import { type Cell, type CellRobot, createCell } from '../../src/sim/index.js'
import { CellDriver, move, outcome } from './cell-driver.js'

let cell: Cell
beforeAll(() => {
  cell = createCell('caller')
})
afterAll(() => cell.close())

async function armed(robot?: CellRobot): Promise<CellDriver> {
  const given = robot === undefined ? {} : { robot }
  await cell.reset({ task: 'put-block-in-bowl-seen-colors', seed: 10001, clock: 'free', ...given })
  const driver = new CellDriver(cell)
  await driver.arm()
  return driver
}

const post = { xMinM: 0.45, xMaxM: 0.55, yMinM: 0.2, yMaxM: 0.3, zMinM: 0, zMaxM: 0.5 }

test('a way through a box in which the arm may not be is refused, and nothing moves', async () => {
  const through = move([0.5, 0.25, 0.3])
  const driver = await armed({ keepOut: [post] })
  expect(outcome(await driver.plan(through))).toMatchObject({ kind: EventKind.EVENT_REJECTED, reason: Reason.KEEP_OUT })
  expect(outcome(await (await armed()).plan(through))).toMatchObject({ kind: EventKind.EVENT_DONE })
})

test('the controller says which boxes it keeps out of', async () => {
  await armed({ keepOut: [post] })
  const request = create(RequestSchema, {
    header: { version: linkVersion, session: 8n, sequence: 1n },
    body: { case: 'hello', value: {} },
  })
  const [reply] = await cell.send(toBinary(RequestSchema, request))
  expect(fromBinary(ReplySchema, reply!).body).toMatchObject({
    case: 'welcome',
    value: { keepOutM: [0.45, 0.55, 0.2, 0.3, 0, 0.5] },
  })
})

test("the arm's limits are those of the arm that is named", async () => {
  await expect(armed({ arm: 'fr3' })).resolves.toBeDefined()
  await expect(armed({ arm: 'ur5' as 'fr3' })).rejects.toThrow("Expected 'panda' or 'fr3'")
})

// A paced cell and a runtime that is late: simulated time waits for it, but not for one that has died.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { LinkClient } from '../../src/io/link/client.js'
import { type Cell, createCell } from '../../src/sim/index.js'
import { block, FaultyTransport } from '../fixtures/fault-rig.js'
import { moveTo, plan } from '../fixtures/link-peers.js'

let cell: Cell
let link: LinkClient
let transport: FaultyTransport

beforeEach(async () => {
  cell = createCell('worker')
  const { link: bound } = await cell.reset({
    task: 'put-block-in-bowl-seen-colors',
    seed: 10001,
    clock: 'paced',
    listen: 'tcp://127.0.0.1:*',
  })
  transport = new FaultyTransport(bound!.address, bound!.keys)
  link = await LinkClient.connect(transport, { connectTimeoutMs: 50_000 })
})

afterEach(async () => {
  await link.close()
  await cell.close()
})

async function moving() {
  await link.arm()
  const running = link.execute(plan(moveTo(0.45, 0.2, 0.3, 0.1)))
  await expect.poll(() => link.state?.mode, { interval: 5, timeout: 50_000 }).toBe('moving')
  return { running }
}

test('a runtime that gets no processor for a second is waited for, and the arm arrives', async () => {
  const { running } = await moving()
  block(1000)
  expect(await running).toMatchObject({ status: 'done' })
  expect((await cell.load()).longestWaitS).toBeGreaterThan(0)
})

test('a runtime that is never heard again is dead: the watchdog stops the arm', async () => {
  const { running } = await moving()
  transport.tamper = () => []
  expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
  expect(link.state?.mode).toMatch(/^stop/)
  transport.tamper = (request) => [request]
})

// deoxys' sockets on the real cliport-controller: our own deoxys link through them, and a Python client.

import { spawn, spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DeoxysLink } from '../../src/io/deoxys/deoxys-link.js'
import { LinkClient } from '../../src/io/link/client.js'
import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { controllerExecutable } from '../../src/native/paths.js'
import { fourFreePorts, patientDeoxys } from '../fixtures/deoxys-peer.js'
import {
  type ControllerProcess,
  descendTo,
  moveTo,
  patient,
  plan,
  startTolerantController,
} from '../fixtures/link-peers.js'

const settings = {
  consentToMotion: false,
  tool: { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 },
  jointMarginRad: 0.1,
  options: patientDeoxys,
}
const python = process.env.CLIPORT_TEST_PYTHON ?? 'python3'
const canPython = spawnSync(python, ['-c', 'import zmq, google.protobuf']).status === 0
if (!canPython) console.log(`deoxys: ${python} has no pyzmq and protobuf, the Python client is skipped`)

describe('the deoxys front end', () => {
  let port: number
  let controller: ControllerProcess
  const opened: { close(): Promise<void> }[] = []

  beforeEach(async () => {
    port = await fourFreePorts()
    controller = await startTolerantController('--deoxys', `tcp://127.0.0.1:${port}`)
  })

  afterEach(async () => {
    for (const link of opened.splice(0)) await link.close()
    await controller.kill()
  })

  async function deoxys(): Promise<DeoxysLink> {
    const link = await DeoxysLink.connect(`deoxys://127.0.0.1:${port}`, settings)
    opened.push(link)
    return link
  }

  async function native(): Promise<LinkClient> {
    const link = await LinkClient.connect(new ZmqTransport(controller.address), patient)
    opened.push(link)
    return link
  }

  test('is driven by our deoxys link: lines, contact, grasp, and needs no consent because it says that it is simulated', async () => {
    const link = await deoxys()
    expect(link.backend).toBe('sim')
    await link.arm()
    const pick = plan(moveTo(0.47, 0.04, 0.06), descendTo(0.47, 0.04, -0.008), { kind: 'grasp' })
    const execution = await link.execute(pick)
    expect(execution).toMatchObject({ status: 'done', reason: 'none', holding: true })
    expect(execution.segments.map(({ contact }) => contact)).toEqual([false, true, false])
    const lift = await link.execute(plan(moveTo(0.47, 0.04, 0.15), { kind: 'release' }))
    expect(lift).toMatchObject({ status: 'done', holding: false })
    for (const [i, value] of [0.47, 0.04, 0.15].entries()) expect(link.state!.p_base_tool_m[i]).toBeCloseTo(value, 2)
  })

  test('gives the lease to one program: while a deoxys client has it, the link is refused, and the other way round', async () => {
    const link = await deoxys()
    await link.arm()
    const other = await native()
    await expect(other.arm()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'lease_taken' })
    await link.close()
    await expect.poll(() => other.state?.mode, { timeout: 50_000 }).toBe('disarmed')
    await other.arm()
  })

  test('obeys a stop over the link, which stays latched until a person clears it there', async () => {
    const link = await deoxys()
    await link.arm()
    const running = link.execute(plan(moveTo(0.45, 0.3, 0.3)))
    await expect.poll(() => link.state!.p_base_tool_m[1], { timeout: 50_000 }).toBeGreaterThan(0.02)
    const bystander = await native()
    await bystander.stop('a hand in the cell')
    expect(await running).toMatchObject({ status: 'fault', reason: 'user_stop' })
    await expect.poll(() => bystander.state?.mode, { timeout: 50_000 }).toBe('stopped')
    await link.close()
    await expect((await deoxys()).arm()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'user_stop' })
  })

  test.skipIf(!canPython)('is driven by a Python client as deoxys has it', async () => {
    const { code, output } = await runPython(port)
    expect(code).toBe(0)
    const report = JSON.parse(output) as Record<string, number | boolean>
    expect(report.forward_m).toBeGreaterThan(0.05)
    expect(report.aside_m).toBeLessThan(0.002)
    expect(report.joint_error_rad).toBeLessThan(0.005)
    expect(report).toMatchObject({ robot_mode: 2, gripper_width_m: 0, time_advances: true })
  })
})

function runPython(port: number): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(python, ['tests/fixtures/deoxys_client.py', String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (bytes) => {
      output += bytes
    })
    child.on('close', (code) => resolve({ code, output }))
  })
}

test.each([
  ['on hardware', ['--backend', 'franka', '--deoxys', 'tcp://127.0.0.1:5555'], 2, 'neither lease nor authentication'],
  ['beyond loopback', ['--deoxys', 'tcp://0.0.0.0:5555'], 3, 'only loopback is served'],
  ['at an address without a port', ['--deoxys', 'tcp://127.0.0.1'], 3, 'tcp://127.0.0.1:5555'],
])('the front end refuses to start %s', (_, options, code, words) => {
  const { status, stderr } = spawnSync(controllerExecutable(), ['--bind', 'tcp://127.0.0.1:*', ...options], {
    encoding: 'utf8',
    timeout: 200_000,
  })
  expect(stderr).toContain(words)
  expect(status).toBe(code)
})

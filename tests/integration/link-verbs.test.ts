// `cliport link ...` as processes, on a real controller process.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Publisher, Router } from 'zeromq'
import { LinkClient } from '../../src/io/link/client.js'
import { ReplySchema, RequestSchema, StateSchema } from '../../src/io/link/gen/link_pb.js'
import { linkKeys } from '../../src/io/link/keys.js'
import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { type ControllerProcess, patient, startTolerantController } from '../fixtures/link-peers.js'

const cli = 'dist/cli/main.js'

interface Ended {
  readonly exitCode: number
  /** JSON lines of stdout. */
  readonly lines: Record<string, unknown>[]
  readonly report: Record<string, unknown>
  readonly stderr: string
}

function link(robot: string, verb: string, ...more: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, 'link', verb, '--robot', robot, '--json', ...more], (error, stdout, stderr) => {
      const lines = stdout
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
      resolve({ exitCode: error === null ? 0 : Number(error.code), lines, report: lines.at(-1) ?? {}, stderr })
    })
  })
}

describe('on a simulated arm', () => {
  let controller: ControllerProcess
  beforeAll(async () => {
    controller = await startTolerantController()
  })
  afterAll(() => controller.kill())
  /** Whatever stopped the arm before: each test begins with one that may be armed. */
  beforeEach(() => withClient((client) => client.clear()))

  async function withClient<T>(work: (client: LinkClient) => Promise<T>): Promise<T> {
    const client = await LinkClient.connect(new ZmqTransport(controller.address), patient)
    try {
      return await work(client)
    } finally {
      await client.close()
    }
  }

  test('status tells what the arm does and how far away it is', async () => {
    const { exitCode, report } = await link(controller.address, 'status')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({
      backend: 'sim',
      lease: 'free',
      reason: '',
      detail: '',
      end_effector: 'suction_cup',
      holding: false,
      width_m: null,
      features: expect.any(Array),
      q_rad: expect.any(Array),
      round_trip_ms: expect.any(Number),
      clock_error_ms: expect.any(Number),
    })
  })

  test('ping measures as many round trips as it is told', async () => {
    const { exitCode, report } = await link(controller.address, 'ping', '--count', '7')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ count: 7, round_trip: { n: 7, p50: expect.any(Number) } })
  })

  test('home and jog move the arm, and leave it disarmed', async () => {
    const home = await link(controller.address, 'home')
    expect(home).toMatchObject({ exitCode: 0, report: { status: 'done' } })
    const [x0, y0, z0] = home.report.p_base_tool_m as number[]
    const jog = await link(controller.address, 'jog', '--z', '-0.02', '--x', '0.01')
    expect(jog).toMatchObject({ exitCode: 0, report: { status: 'done' } })
    const [x1, y1, z1] = jog.report.p_base_tool_m as number[]
    expect([x1! - x0!, y1! - y0!, z1! - z0!].map((m) => Math.round(m * 1000))).toEqual([10, 0, -20])
    expect((await link(controller.address, 'status')).report).toMatchObject({ mode: 'disarmed', lease: 'free' })
  })

  test('a jog out of the cell is refused before anything moves', async () => {
    await link(controller.address, 'home')
    expect(await link(controller.address, 'jog', '--z', '0.2')).toMatchObject({ exitCode: 0 })
    const { exitCode, report } = await link(controller.address, 'jog', '--z', '0.1')
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ error: { code: 'LINK_REFUSED', stage: 'check' } })
  })

  test('recover is a person’s act: nobody there, nothing cleared; --yes clears, and the arm is disarmed', async () => {
    await withClient((client) => client.stop('a test'))
    const alone = await link(controller.address, 'recover')
    expect(alone).toMatchObject({ exitCode: 2, report: { error: { code: 'CONSENT_REQUIRED' } } })
    expect((await link(controller.address, 'status')).report).toMatchObject({
      mode: 'stopped',
      reason: 'stop_requested',
      detail: 'a test',
    })
    const refused = await link(controller.address, 'home')
    expect(refused).toMatchObject({ exitCode: 1, report: { error: { code: 'LINK_REFUSED' } } })
    const there = await link(controller.address, 'recover', '--yes')
    expect(there).toMatchObject({ exitCode: 0, report: { cleared: true, mode: 'disarmed', was: { mode: 'stopped' } } })
    expect((await link(controller.address, 'recover', '--yes')).report).toMatchObject({ cleared: false })
  })

  test('watch prints states and the events of others, until it is told to end', async () => {
    const watching = spawn(process.execPath, [cli, 'link', 'watch', '--robot', controller.address, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(watching, 'exit')
    const lines = createInterface(watching.stdout)
    const events: { kind: string; sequence: number }[] = []
    await withClient(async (client) => {
      await once(lines, 'line') // a state: from now on events are heard
      const armed = new Promise<void>((resolve) => {
        lines.on('line', (line) => {
          const { event } = JSON.parse(line)
          if (event !== undefined) events.push(event)
          if (event?.kind === 'accepted') resolve()
        })
      })
      await client.arm()
      await armed
    })
    watching.kill('SIGINT')
    expect((await ended)[0]).toBe(130)
    for (const [i, { sequence }] of events.slice(1).entries()) expect(sequence).toBe(events[i]!.sequence + 1)
  })

  test('watch of a controller that died says so, and that its last line may be out of date', async () => {
    const doomed = await startTolerantController()
    const watching = spawn(process.execPath, [cli, 'link', 'watch', '--robot', doomed.address, '--json'])
    const ended = once(watching, 'exit')
    let stderr = ''
    watching.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const lines = createInterface(watching.stdout)
    await once(lines, 'line')
    await doomed.kill()
    expect((await ended)[0]).toBe(1)
    expect(stderr).toMatch(/LINK_PEER_LOST.*has sent no state[\s\S]*out of date/)
  })

  test('a jog without a distance is wrong use', async () => {
    const { exitCode, stderr } = await link(controller.address, 'jog')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/Expected a distance/)
  })

  test("status names the controller's release, which is that of the project", async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect((await link(controller.address, 'status')).report).toMatchObject({ software: `cliport-edge ${version}` })
  })

  test('watch --for ends by itself, and counts what it has printed', async () => {
    const { exitCode, lines, report } = await link(controller.address, 'watch', '--for', '1', '--rate', '20')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ states: lines.filter((line) => 'state' in line).length })
    expect(report.states).toBeGreaterThan(0)
  })

  test('release opens the end effector, says whether it held anything, and leaves the arm disarmed', async () => {
    expect(await link(controller.address, 'release')).toMatchObject({ exitCode: 0, report: { released: false } })
    expect((await link(controller.address, 'status')).report).toMatchObject({ holding: false, mode: 'disarmed' })
  })

  test('Ctrl-C in the middle of a way stops the arm: exit code 130', async () => {
    await link(controller.address, 'home')
    const parameters = [cli, 'link', 'jog', '--robot', controller.address, '--y', '0.2', '--speed', '0.02']
    const jogging = spawn(process.execPath, parameters, { stdio: 'ignore' })
    const ended = once(jogging, 'exit')
    await withClient(async (client) => {
      await expect.poll(() => client.state?.mode, { timeout: 50_000 }).toBe('moving')
      jogging.kill('SIGINT')
      expect((await ended)[0]).toBe(130)
      await expect.poll(() => client.state?.mode, { timeout: 50_000 }).toBe('stopped')
      await client.clear()
    })
  })
})

test('nobody there is exit code 3', async () => {
  expect(await link('tcp://127.0.0.1:9', 'status')).toMatchObject({
    exitCode: 3,
    report: { error: { code: 'LINK_ABSENT' } },
  })
})

test.each([['jog', '--z', '0.01'], ['home'], ['release']])(
  '%s moves no real arm without a person’s yes',
  async (verb, ...way) => {
    const hardware = await pretendHardware()
    const { exitCode, report } = await link(hardware.address, verb, ...way)
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'CONSENT_REQUIRED' } })
    expect(hardware.heard()).not.toContain('acquire')
    expect(hardware.heard()).not.toContain('plan')
    hardware.close()
  },
)

test('a home outside the limits of the settings is refused before the arm is armed', async () => {
  const hardware = await pretendHardware()
  const folder = await mkdtemp(join(tmpdir(), 'cliport-home-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'low.yaml'), 'version: 1\nlimits: {z_max_m: 0.3}\n')
  const { exitCode, report } = await link(hardware.address, 'home', '--yes', '--config', join(folder, 'low.yaml'))
  expect(exitCode).toBe(1)
  expect(report).toMatchObject({
    error: { code: 'LINK_REFUSED', stage: 'check', message: expect.stringContaining('PLAN_OUTSIDE_WORKSPACE') },
  })
  expect(hardware.heard()).not.toContain('acquire')
  hardware.close()
})

/** Says that it moves hardware, and listens to what it is asked for. The keys are those of the tests. */
async function pretendHardware() {
  const curve = { curveServer: true, curveSecretKey: await secretKeyOfController() }
  const commands = new Router({ ...curve, linger: 0 })
  const states = new Publisher({ ...curve, linger: 0 })
  await commands.bind('tcp://127.0.0.1:*')
  const events = new Publisher({ ...curve, linger: 0 })
  await states.bind('tcp://127.0.0.1:*')
  await events.bind('tcp://127.0.0.1:*')
  const [statePort, eventPort] = [states, events].map(({ lastEndpoint }) => Number(new URL(lastEndpoint!).port))
  const heard: (string | undefined)[] = []
  const header = { version: 2, session: 5n }
  void (async () => {
    for await (const [peer, bytes] of commands) {
      const request = fromBinary(RequestSchema, bytes!)
      heard.push(request.body.case)
      if (request.body.case !== 'hello') continue
      const welcome = {
        version: 2,
        backend: 'franka',
        instance: 5n,
        statePort,
        stopPort: statePort,
        eventPort,
      }
      const reply = create(ReplySchema, { header: request.header!, body: { case: 'welcome', value: welcome } })
      await commands.send([peer!, toBinary(ReplySchema, reply)])
    }
  })()
  let stampNs = 0n
  const publishing = setInterval(() => {
    void states.send(toBinary(StateSchema, create(StateSchema, { header, stampNs: ++stampNs }))).catch(() => {})
  }, 20)
  return {
    address: commands.lastEndpoint!,
    heard: () => heard,
    close() {
      clearInterval(publishing)
      commands.close()
      states.close()
      events.close()
    },
  }
}

/** The secret of the key by which this machine's runtime knows its controller. */
async function secretKeyOfController(): Promise<string> {
  linkKeys() // makes them
  const text = await readFile(`${process.env.CLIPORT_ROBOT_KEYS}/controller.key`, 'utf8')
  return text.trim().split(/\s+/).at(-1)!
}

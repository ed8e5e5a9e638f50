// Fault matrix, third part: the controller's process dies, starves, restarts; disks are full.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { LinkClient } from '../../src/io/link/client.js'
import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { RunRecorder } from '../../src/io/recording/run-recorder.js'
import { controllerExecutable } from '../../src/native/paths.js'
import { raiseThreadPriority } from '../../src/runtime/thread-priority.js'
import { outcome } from '../fixtures/fault-outcomes.js'
import { FaultRig, freeze, reported, shortWatchdogS, sideways } from '../fixtures/fault-rig.js'
import { patient, startController, tolerant } from '../fixtures/link-peers.js'

let rig: FaultRig
beforeAll(raiseThreadPriority)
beforeEach(async () => {
  rig = await FaultRig.start()
})
afterEach(() => rig.close())

const group = 'the controller'

test('a controller that is killed in mid-move is a lost peer; its successor moves nothing', async () => {
  await rig.close()
  rig = await FaultRig.start({ link: { stateTimeoutMs: 1000 } })
  const { running } = await rig.moving()
  rig.fault()
  await rig.controller.kill()
  await expect(running).rejects.toMatchObject({ code: 'LINK_PEER_LOST', states: expect.any(Array) })
  const motion = rig.motion()
  const successor = await startController(rig.controller.address, ...tolerant())
  await expect
    .poll(
      () =>
        rig.link.execute(sideways).then(
          ({ reason }) => reason,
          ({ code }) => code,
        ),
      { timeout: 50_000 },
    )
    .toBe('not_armed')
  await successor.kill()
  outcome({
    group,
    fault: 'SIGKILL and restart in mid-move',
    motion,
    arm: "nothing after its last cycle; a real arm brakes by Franka's rule of 20 lost cycles; the successor: disarmed",
    runtime: `${await reported(running)}; to the successor: not_armed`,
  })
})

// What a robot with FCI's rules makes of lost cycles: fault-matrix-robot.test.ts, on a virtual clock.
test('a controller that gets no processor for a while does not make up for it: the arm stops', async () => {
  await rig.close()
  rig = await FaultRig.start({ watchdogS: shortWatchdogS })
  const { running } = await rig.moving()
  rig.fault()
  await freeze(rig.controller)
  await sleep(1500 * shortWatchdogS)
  rig.controller.process.kill('SIGCONT')
  expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
  await rig.untilMode('stopped')
  await rig.expectLatched()
  outcome({
    group,
    fault: 'the controller starves for longer than the watchdog',
    motion: rig.motion(),
    arm: rig.modes,
    runtime: await reported(running),
  })
})

test('a controller that is asked to end stops the arm first', async () => {
  const { running } = await rig.moving()
  rig.fault()
  rig.controller.process.kill('SIGTERM')
  expect(await running).toMatchObject({ status: 'stopped' })
  expect((await rig.controller.ended).code).toBe(0)
  const motion = rig.motion()
  expect(motion.distanceM).toBeGreaterThan(0)
  outcome({ group, fault: 'SIGTERM in mid-move', motion, arm: rig.modes, runtime: await reported(running) })
})

test('how a plan ended arrives although its controller has long gone when somebody reads it', async () => {
  const { running } = await rig.moving()
  const { process: controller } = rig.controller
  controller.kill('SIGTERM')
  // Nothing of this process runs until the other has ended: nobody has read what it sent last.
  spawnSync('sh', ['-c', `while ! grep -q '^State:.Z' /proc/${controller.pid}/status; do sleep 0.01; done`])
  expect(await reported(running)).toBe('stopped: stop_requested: cliport-controller was asked to end')
})

test('a full disk under its log does not disturb the controller', async () => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(controllerExecutable(), ['--bind', 'tcp://127.0.0.1:*', ...tolerant()], {
    stdio: ['ignore', 'pipe', full],
  })
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  const link = await LinkClient.connect(new ZmqTransport(JSON.parse(line).address), patient)
  await link.arm()
  const running = link.execute(sideways)
  expect(await running).toMatchObject({ status: 'done' })
  await link.close()
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).toBe(0)
  const runtime = await reported(running)
  outcome({ group, fault: "the disk of the controller's log is full", motion: null, arm: 'moved and arrived', runtime })
})

test('a full disk ends the recording of a run and not its motion', async () => {
  const problems: string[] = []
  const recorder = RunRecorder.start('/dev/full', { onProblem: ({ code }) => problems.push(code) })
  await rig.link.arm()
  rig.fault()
  const running = rig.link.execute(sideways)
  for (let i = 0; i < 20; i++) recorder.event('/note', { text: 'x'.repeat(100_000) })
  expect(await running).toMatchObject({ status: 'done' })
  await recorder.close()
  expect(problems).toEqual(['DISK_FULL'])
  const runtime = `${await reported(running)}; ${problems[0]} for the recording`
  outcome({ group, fault: "the disk of the run's recording is full", motion: rig.motion(), arm: rig.modes, runtime })
})

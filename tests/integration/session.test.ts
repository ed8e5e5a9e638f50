// The composition root: what it opens for each target, and that everything is closed again, also when opening fails.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parkPose } from '../../src/control/park.js'
import { decodeState } from '../../src/io/link/codec.js'
import { Mode } from '../../src/io/link/gen/link_pb.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { runSentence } from '../../src/runtime/run.js'
import { openSession } from '../../src/runtime/session.js'
import { SteppedController } from '../fixtures/link-peers.js'
import { writeKeys } from '../fixtures/scene.js'

const config = mergeConfig(null, {}, {})
const tell = () => {}
const scene = { task: 'put-block-in-bowl-seen-colors', seed: 3, clock: 'free' } as const

describe('a session on the simulated cell', () => {
  test('connects the arm of each scene anew and leaves it disarmed', async () => {
    const session = await openSession(config, { cell: { thread: 'caller', policy: 'oracle' }, tell })
    const first = await session.reset({ ...scene, link: 'in-process' })
    expect(first.ports.link.backend).toBe('cell')
    await first.ports.link.arm()
    const second = await session.reset({ ...scene, seed: 5, link: 'in-process' })
    expect(second.ports.link.state).toMatchObject({ mode: 'disarmed' })
    await expect(first.ports.link.arm()).rejects.toMatchObject({ code: 'LINK_PEER_LOST' })
    await session.close()
  })

  test('shows a scene without an arm to a policy that sees what its cameras see', async () => {
    const session = await openSession(config, { cell: { thread: 'caller', policy: 'oracle' }, tell })
    const { goal } = await session.show(scene)
    const { projector, policy } = session.ports
    const heightmap = await projector.project(await session.cell.capture(), session.settings.workspace)
    const proposal = await policy.propose(heightmap, goal)
    expect(proposal.pick.p_base_m[2]).toBeGreaterThan(0.01)
    await session.close()
  })

  test('over sockets is one that only this session has the keys to', async () => {
    const session = await openSession(config, { cell: { thread: 'worker', policy: 'oracle' }, tell })
    const { ports } = await session.reset({ ...scene, clock: 'paced', link: 'sockets' })
    expect(ports.link.state?.p_base_tool_m.map((value) => Math.round(100 * value))).toEqual(
      parkPose.p_base_m.map((value) => Math.round(100 * value)),
    )
    await session.close()
    await expect(session.cell.truth()).rejects.toMatchObject({ code: 'CELL_FAILED' })
  })
})

test('a session that is opened with a scene has made it, and its policy is loaded', async () => {
  const cell = { thread: 'worker', policy: 'package', scene: { ...scene, clock: 'paced', link: 'sockets' } } as const
  const session = await openSession(config, { cell, tell })
  const heightmap = await session.ports.projector.project(
    await session.scene.ports.camera.capture(new AbortController().signal),
    session.settings.workspace,
  )
  const proposal = await session.ports.policy.propose(heightmap, session.scene.goal)
  expect(proposal.found).toBeGreaterThan(0.5)
  await session.close()
})

test.each([
  ['a scene of no task', 'TASK_UNKNOWN', {}, { task: 'no-such-task' }],
  ['a policy package that is missing', 'POLICY_INVALID', { 'policy.package': 'no/such/package' }, {}],
])('what fails to open leaves nothing open: a cell with %s beside what is well', async (_, code, flags, over) => {
  const wanted = { ...scene, ...over, clock: 'paced', link: 'sockets' } as const
  const opening = openSession(mergeConfig(null, {}, flags), {
    cell: { thread: 'worker', policy: 'package', scene: wanted },
    tell,
  })
  await expect(opening).rejects.toMatchObject({ code })
})

test('what fails to open leaves nothing open: a cell whose policy package is missing', async () => {
  const missing = mergeConfig(null, {}, { 'policy.package': 'no/such/package' })
  const opening = openSession(missing, { cell: { thread: 'worker', policy: 'package' }, tell })
  await expect(opening).rejects.toMatchObject({ code: 'POLICY_INVALID' })
  // A worker that was left running would keep this process alive: the test run itself would not end.
})

test('a session on given frames has a policy and a projector, and neither cameras nor an arm', async () => {
  const session = await openSession(config, { frames: 'given', tell })
  expect(session.ports.policy.info.name).toBe('edge')
  expect(Object.keys(session.ports).sort()).toEqual(['clock', 'kinematics', 'policy', 'projector'])
  await session.close()
})

test('a session on hardware without cameras or without a robot opens nothing', async () => {
  const hardware = {}
  await expect(openSession(config, { hardware, tell })).rejects.toMatchObject({ code: 'CAMERA_ABSENT' })
  const camera = {
    name: 'front',
    serial: 'none',
    T_base_camera: [
      [1, 0, 0, 0],
      [0, -1, 0, 0],
      [0, 0, -1, 1],
      [0, 0, 0, 1],
    ],
  }
  const withCamera = mergeConfig({ text: JSON.stringify({ version: 1, cameras: [camera] }), name: 'x' }, {}, {})
  await expect(openSession(withCamera, { hardware, tell })).rejects.toMatchObject({ code: 'USAGE' })
})

describe('beside a controller of the settings', () => {
  /** Settings that name a controller of this backend, which runs until the test has finished. */
  function withController(backend: string) {
    const controller = new SteppedController(backend)
    const { address, keys } = controller.listen('tcp://127.0.0.1:*')
    const folder = mkdtempSync(join(tmpdir(), 'cliport-session-'))
    writeKeys(join(folder, 'keys'), keys)
    onTestFinished(() => {
      controller.close()
      rmSync(folder, { recursive: true })
    })
    const settings = {
      'robot.link': address,
      'robot.keys': join(folder, 'keys'),
      'robot.connect_timeout_s': 60,
      'robot.consent_to_motion': true,
      'run.out': folder,
    }
    return { controller, config: mergeConfig(null, {}, settings) }
  }

  test('the cameras of the simulated cell never guide a real arm, whatever was consented to', async () => {
    const { controller, config } = withController('franka')
    const session = await openSession(config, { cell: { thread: 'caller', policy: 'oracle' }, tell })
    await expect(session.reset({ ...scene, link: 'robot' })).rejects.toMatchObject({ code: 'CAMERA_ABSENT' })
    await session.close()
    expect(decodeState(await controller.state())).toMatchObject({ mode: Mode.DISARMED, leaseSession: 0n })
  })

  test('the simulated cell knows no truth about the arm of another one', async () => {
    const { config } = withController('cell')
    const stop = new AbortController()
    const report = await runSentence({
      sentence: 'put the red blocks in a green bowl',
      task: scene.task,
      seed: scene.seed,
      oracle: true,
      command: 'test',
      config,
      signal: stop.signal,
      tell: (line) => line.startsWith('goal:') && stop.abort(),
    })
    expect(report).toMatchObject({ outcome: 'stopped' })
    expect(report).not.toHaveProperty('truth')
  })
})

// The composition root: what it opens for each target, and that everything is closed again, also when opening fails.

import { describe, expect, test } from 'vitest'
import { parkPose } from '../../src/control/park.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { openSession } from '../../src/runtime/session.js'

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

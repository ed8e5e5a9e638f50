// `cliport policy serve` in a process of its own, and what others do with it: run, predict, info, a Python program.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wilsonInterval } from '../../src/runtime/statistics.js'
import { cliport } from '../fixtures/cli.js'
import { ask, heightmapParts } from '../fixtures/policy-server.js'

const table = 'tests/fixtures/data/real-tabletop/learn35'
const goal = 'put the brown block in the white box'
const python = process.env.CLIPORT_PYTHON ?? 'python3'
const out = mkdtempSync(join(tmpdir(), 'cliport-policy-server-'))
let server: ChildProcess
let address: string
const lines: string[] = []

beforeAll(async () => {
  server = spawn(process.execPath, ['dist/cli/main.js', 'policy', 'serve', '--bind', 'tcp://127.0.0.1:*', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const reader = createInterface(server.stdout!)
  reader.on('line', (line) => lines.push(line))
  await once(reader, 'line')
  const ready = JSON.parse(lines[0]!)
  expect(ready).toEqual({ event: 'ready', address: expect.any(String), policy: 'edge', keys: false })
  address = ready.address
})
afterAll(() => {
  server.kill('SIGKILL')
  rmSync(out, { recursive: true })
})

test('a goal runs with its policy in another process', async () => {
  const sentence = 'put the red blocks in a green bowl'
  const { exitCode, report } = await cliport('run', sentence, '--policy', address, '--out', out, '--json')
  expect(report).toMatchObject({
    reason: expect.stringMatching(/nothing left/),
    outcome: 'achieved',
    truth: { achieved: true },
  })
  expect(exitCode).toBe(0)
  expect(report.stages).toHaveProperty('propose.round_trip')
})

test('predict asks the server as it would ask a package', async () => {
  const asked = ['predict', '--frames', table, '--goal', goal, '--json']
  const [here, there] = [await cliport(...asked), await cliport(...asked, '--policy', address)]
  const decision = ({ report: { stages: _, ...rest } }: typeof here) => rest
  expect(decision(there)).toEqual(decision(here))
})

test('policy info has its stable keys, for a package and for a server', async () => {
  const { exitCode, report } = await cliport('policy', 'info', '--json')
  expect(exitCode).toBe(0)
  expect(report).toMatchObject({
    ...{ name: 'edge', architecture: 'edge', format: 'cliport-policy 2', source: 'models/edge' },
    workspace: { x_min_m: 0.25 },
    lexicon: { nouns: expect.any(Object), colors: expect.any(Object), relations: expect.any(Object) },
    thresholds: { pick: expect.any(Number) },
    files: { 'decide.onnx': { bytes: expect.any(Number) } },
    scores: expect.any(Object),
  })
  const { chain, used } = report.provider as {
    chain: { name: string; usable: boolean; reason: string }[]
    used: string
  }
  expect(used).toBe('cpu')
  expect(chain.map(({ name }) => name)).toEqual(['tensorrt', 'cuda', 'cpu'])
  for (const { usable, reason } of chain) expect(reason === '').toBe(usable)
  expect((report.fit as { fits: boolean }[]).every(({ fits }) => fits)).toBe(true)
  const { report: remote } = await cliport('policy', 'info', '--policy', address, '--json')
  expect(remote).toMatchObject({ package_sha256: report.package_sha256, provider: null, source: address })
})

test('a package for another end effector is shown not to fit, and that is no error of policy info', async () => {
  const { exitCode, report } = await cliport('policy', 'info', '--policy', 'models/tests/tiny-policy', '--json')
  expect(exitCode).toBe(0)
  const misfits = (report.fit as { property: string; fits: boolean }[]).filter(({ fits }) => !fits)
  expect(misfits.map(({ property }) => property)).toEqual(['end_effector'])
})

test('a client process that is killed in the middle of its request harms nobody', async () => {
  const script = `const { Request } = await import('zeromq')
    const socket = new Request()
    socket.connect(${JSON.stringify(address)})
    await socket.send(['{"version":1,"goal":"put the red block in the green box","heightmap":{"height":320,"width":160}}', Buffer.alloc(153600), Buffer.alloc(204800)])
    console.log('sent')
    await socket.receive()
    setInterval(() => {}, 1000)`
  const client = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(client.stdout!, 'data')
  client.kill('SIGKILL')
  await once(client, 'exit')
  expect((await ask(address, heightmapParts('put the red block in the green box'))).json.status).toBe('ok')
})

const missing = await promisify(execFile)(python, ['-c', 'import zmq, numpy, PIL']).then(
  () => '',
  () => ` (skipped: ${python} has no pyzmq, numpy and Pillow)`,
)
test.skipIf(missing !== '')(`the Python example decides as predict does${missing}`, async () => {
  const { stdout } = await promisify(execFile)(python, ['examples/policy_client.py', table, goal, address])
  const reply = JSON.parse(stdout)
  const { report } = await cliport('predict', '--frames', table, '--goal', goal, '--json')
  for (const name of ['pick', 'place']) {
    const { pixel_camera: _, camera: __, ...pose } = report[name] as Record<string, unknown>
    expect(reply[name]).toEqual(pose)
  }
  expect(reply).toMatchObject({ decision: 'act', remaining: report.remaining, found: report.found })
})

test.skipIf(missing !== '')(`the ROS 2 example publishes the poses of that decision${missing}`, async () => {
  const { stdout } = await promisify(execFile)(python, ['tests/fixtures/ros2_stand_in.py', table, goal, address])
  const { report } = await cliport('predict', '--frames', table, '--goal', goal, '--json')
  const [pick, place] = [report.pick, report.place] as { p_base_m: number[]; yaw_rad: number }[]
  const turned = (yawRad: number) => ({
    z: expect.closeTo(Math.sin(yawRad / 2), 12),
    w: expect.closeTo(Math.cos(yawRad / 2), 12),
  })
  expect(JSON.parse(stdout)).toEqual({
    pick: { frame: 'base', p_base_m: pick!.p_base_m, ...turned(pick!.yaw_rad) },
    place: { frame: 'base', p_base_m: place!.p_base_m, ...turned(pick!.yaw_rad + place!.yaw_rad) },
  })
})

const noArrays = await promisify(execFile)(python, ['-c', 'import zmq, numpy']).then(
  () => '',
  () => ` (skipped: ${python} has no pyzmq and numpy)`,
)
test.skipIf(noArrays !== '')(`the client of the original's environment plays a made-up scene${noArrays}`, async () => {
  const { stdout } = await promisify(execFile)(python, ['tests/fixtures/original_environment_scene.py', address])
  const said = JSON.parse(stdout)
  const { report } = await cliport('policy', 'info', '--json')
  expect(said.package).toBe(report.package_sha256)
  expect(said.other_workspace).toMatch(/^The policy sees the workspace .* and the benchmark has /)
  expect(said.malformed).toMatch(/^REQUEST_INVALID: Expected 153600 bytes/)
  const { plain, slips } = said.episodes
  expect(plain).toMatchObject({ score: 1, end: 'goal_reached', steps: 1, moved_again: 0 })
  expect(plain.finished).toMatchObject([{ last: true, decision: 'achieved', arm_home: { decision: 'achieved' } }])
  expect(plain.looks[0].moved).toMatchObject([{ object: 1, color: 'red' }])
  expect(slips).toMatchObject({ score: 0, end: 'step_limit', steps: 2, finished: [] })
  expect(said.row).toMatchObject({
    ...{ episodes: 2, seeds: [1, 3], steps_mean: 1.5, ends: { goal_reached: 1, step_limit: 1 } },
    score: { mean: 0.5, ci95: wilsonInterval([1, 0]).map((end) => expect.closeTo(end, 4)) },
    stops_when_done: { count: 1, of: 1, ci95: wilsonInterval([1]).map((end) => expect.closeTo(end, 4)) },
  })
  expect(said.moved_again).toBe(1)
  expect(said.under_way).toEqual([
    ['not_found', 'achieved'],
    ['not_found', 'not_found'],
    ['not_found', 'act'],
    ['not_found', 'unsure'],
  ])
  expect(said.resumed).toEqual([[1], '{"task": "a", "seed": 1}\n', expect.stringMatching(/other conditions/)])
})

test('the Python examples are valid Python', async () => {
  const check = 'import ast, sys; [ast.parse(open(name).read(), name) for name in sys.argv[1:]]'
  const folder = 'examples/original-environment'
  const client = (await readdir(folder)).filter((name) => name.endsWith('.py')).map((name) => join(folder, name))
  expect(client).toHaveLength(5)
  const names = ['examples/policy_client.py', 'examples/ros2_policy_client.py', ...client]
  await expect(promisify(execFile)('python3', ['-c', check, ...names])).resolves.toBeDefined()
})

test('Ctrl-C ends it in order: exit code 0, and what it has done as the last line', async () => {
  server.kill('SIGINT')
  const [code] = await once(server, 'close')
  expect(code).toBe(0)
  const { answered, refused, busy } = JSON.parse(lines.at(-1)!)
  expect(answered).toBeGreaterThan(3)
  expect([refused, busy]).toEqual([noArrays === '' ? 1 : 0, 0]) // the client's malformed question
})

// Nothing leaves the machine and nothing is left behind: ONNX Runtime's telemetry stays off in every process and thread
// that loads it. Without CI in the environment, where the library would be quiet by itself.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectPath } from '../../src/native/paths.js'
import { npy, zip } from '../fixtures/npz.js'
import { openedBy, threadsOf } from '../fixtures/process-watch.js'
import { sceneFrames } from '../fixtures/scene.js'

const goal = 'put the red blocks in a green bowl'
const root = mkdtempSync(join(tmpdir(), 'cliport-telemetry-'))
const frames = join(root, 'frames.npz')
beforeAll(async () => {
  const { color, depthM, intrinsics, T_base_camera } = (await sceneFrames(1, goal))[0]!
  const { width, height, fx, fy, cx, cy } = intrinsics
  const arrays = {
    'color.npy': npy('|u1', `(1, ${height}, ${width}, 3)`, color),
    'depth_m.npy': npy('<f4', `(1, ${height}, ${width})`, depthM),
    'intrinsics.npy': npy('<f8', '(1, 3, 3)', Float64Array.of(fx, 0, cx, 0, fy, cy, 0, 0, 1)),
    'T.npy': npy('<f8', '(1, 4, 4)', T_base_camera),
  }
  writeFileSync(frames, zip(arrays, true))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Place {
  readonly home: string
  readonly temporary: string
}

function aPlace(name: string): Place {
  const place = { home: join(root, name, 'home'), temporary: join(root, name, 'tmp') }
  for (const folder of Object.values(place)) mkdirSync(folder, { recursive: true })
  return place
}

function start(args: readonly string[], { home, temporary }: Place, environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: projectPath('.'),
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: temporary, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

const leftIn = ({ home, temporary }: Place) =>
  [home, temporary].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }))

/** Runs a verb to its end and looks at it all the while. */
async function observed(place: Place, args: readonly string[]) {
  const child = start(['dist/cli/main.js', ...args, '--json'], place)
  const [files, sockets] = [new Set<string>(), new Set<string>()]
  let looks = 0
  child.stdout!.resume()
  const ended = once(child, 'exit')
  while (child.exitCode === null && child.signalCode === null) {
    const opened = openedBy(child.pid!)
    for (const file of opened.files) files.add(file)
    for (const socket of opened.sockets) sockets.add(socket)
    looks++
    await delay(10)
  }
  const [exitCode] = await ended
  return { exitCode, looks, files: [...files], sockets: [...sockets] }
}

/** Least number of threads of a process that has the policy loaded and does nothing, and what it leaves behind. */
async function loaded(name: string, environment: NodeJS.ProcessEnv) {
  const place = aPlace(name)
  const child = start(['tests/fixtures/policy-child.mjs'], place, environment)
  const ended = once(child, 'exit')
  await once(child.stdout!, 'data')
  const counts: number[] = []
  for (let i = 0; i < 10; i++) {
    counts.push(threadsOf(child.pid!))
    await delay(20)
  }
  const opened = openedBy(child.pid!)
  child.stdin!.end()
  await ended
  return { threads: Math.min(...counts), opened, left: leftIn(place) }
}

describe('nothing is written outside of the output folder, and no socket is opened', () => {
  test('by predict', async () => {
    const place = aPlace('predict')
    const out = join(root, 'pictures')
    const seen = await observed(place, ['predict', '--npz', frames, '--goal', goal, '--out', out])
    expect(seen).toMatchObject({ exitCode: 0, sockets: [] })
    expect(seen.looks).toBeGreaterThan(3)
    expect(seen.files.filter((file) => !file.startsWith(out))).toEqual([])
    expect(readdirSync(out)).toContain('pick_map.png')
    expect(leftIn(place)).toEqual([])
  })

  test('by an evaluation', async () => {
    const place = aPlace('eval')
    const out = join(root, 'results')
    const seen = await observed(place, ['eval', '--episodes', '2', '--seed', '1', '--out', out])
    expect(seen).toMatchObject({ exitCode: 0, sockets: [] })
    expect(seen.looks).toBeGreaterThan(3)
    expect(seen.files.filter((file) => !file.startsWith(out))).toEqual([])
    expect(readdirSync(out)).toContain('report.json')
    expect(leftIn(place)).toEqual([])
  })
})

test('the library has no thread more than where the environment turns its telemetry off', async () => {
  const off = await loaded('off', { ORT_DISABLE_TELEMETRY: '1' })
  expect(off.threads).toBeGreaterThan(3)
  expect(await loaded('unset', {})).toEqual(off)
  expect(await loaded('on', { ORT_DISABLE_TELEMETRY: '0' })).toEqual(off)
})

test('nor has it on the own engine', async () => {
  const off = await loaded('own-off', { ORT_DISABLE_TELEMETRY: '1', ENGINE: 'native' })
  expect(off.threads).toBeGreaterThan(3)
  expect(await loaded('own-unset', { ENGINE: 'native' })).toEqual(off)
})

test('a thread whose process has telemetry on loads no policy', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(`file://${projectPath('dist/io/policy/onnx-policy.js')}`)})
      .then(({ OnnxPolicy }) => OnnxPolicy.load('models/edge'))
      .then(() => parentPort.postMessage('loaded'), (error) => parentPort.postMessage({ code: error.code, hint: error.hint }))`
  const worker = new Worker(code, { eval: true, env: {} })
  const [answer] = await once(worker, 'message')
  await worker.terminate()
  expect(answer).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('ORT_DISABLE_TELEMETRY=1') })
})

test('the watch sees a file that is open for writing, and a socket', async () => {
  const path = join(root, 'written')
  const file = openSync(path, 'w')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const opened = openedBy(process.pid)
  server.close()
  closeSync(file)
  expect(opened.files).toContain(path)
  expect(opened.sockets).toContainEqual(expect.stringMatching(/^tcp .*0100007F/))
})

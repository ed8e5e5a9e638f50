// `cliport run` as a person meets it: a process of its own, real sockets, real physics, and everything that can go wrong.

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliport } from '../fixtures/cli.js'
import { verifyRecording } from '../fixtures/recordings.js'

const cli = 'dist/cli/main.js'
const goal = 'put the red blocks in a green bowl'
let out: string

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-run-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

interface Ended {
  readonly exitCode: number | null
  readonly report: Record<string, unknown> | null
  readonly stdout: string
  readonly stderr: string
}

function start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode) => {
      const last = stdout.trim().split('\n').at(-1) ?? ''
      resolve({ exitCode, report: last.startsWith('{') ? JSON.parse(last) : null, stdout, stderr })
    })
  })
  return { child, ended }
}

const oracleRun = (...args: string[]) => start('run', goal, '--policy', 'oracle', '--out', out, '--json', ...args).ended

/** A file of settings with one section beside the version. */
function settings(section: string): string {
  const file = join(mkdtempSync(join(out, 'settings-')), 'cell.yaml')
  writeFileSync(file, `version: 1\n${section}\n`)
  return file
}

/** Until the process has written these words to stderr, from now on. */
function told(child: ChildProcess, words: string): Promise<void> {
  let stderr = ''
  return new Promise((resolve) => {
    child.stderr!.on('data', (chunk) => {
      stderr += chunk
      if (stderr.includes(words)) resolve()
    })
  })
}

describe('a run that goes well', () => {
  test('ends with exit code 0, the truth beside the outcome, a page and a readable recording', async () => {
    const { exitCode, report } = await oracleRun('--seed', '3')
    expect(report).toMatchObject({ outcome: 'achieved', truth: { achieved: true, score: 1 }, goal })
    expect(exitCode).toBe(0)
    expect(readFileSync(report!.page as string, 'utf8')).toContain('Achieved')
    expect(await verifyRecording(join(report!.folder as string, 'recording.mcap'))).toContain('/outcome')
  })

  test('a cup that never seals is noticed, tried again, and given up', async () => {
    const { exitCode, report } = await oracleRun(
      '--fault',
      'grasp-failure=1',
      '--config',
      settings('run: {max_failures_in_a_row: 3}'),
    )
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ truth: { achieved: false }, outcome: 'failed' })
    expect(report!.retries).toBeGreaterThan(1)
  })
})

describe('faults while it runs', () => {
  test('a controller killed in mid-move ends the run with a clear error and exit code 1', async () => {
    const { exitCode, report } = await oracleRun('--fault', 'kill-controller-at-s=2')
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ outcome: 'error', error: { code: 'LINK_PEER_LOST' } })
  })

  test('a camera that stalls ends the run with CAMERA_STALLED', async () => {
    const { exitCode, report } = await oracleRun(
      '--fault',
      'camera=stall@1',
      '--config',
      settings('cell: {camera_timeout_s: 1}'),
    )
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ outcome: 'error', error: { code: 'CAMERA_STALLED' } })
  })

  test.each(['nan', 'zero'])(
    'a camera that delivers nothing but %s depth ends the run with FRAME_INVALID',
    async (fault) => {
      const { exitCode, report } = await oracleRun('--fault', `camera=${fault}@0`)
      expect(exitCode).toBe(1)
      expect(report).toMatchObject({ outcome: 'error', steps: 0, error: { code: 'FRAME_INVALID' } })
    },
  )

  test('Ctrl-C in mid-move stops the arm, exits with 130 and leaves a readable recording', async () => {
    const folder = mkdtempSync(join(out, 'sigint-'))
    const { child, ended } = start('run', goal, '--policy', 'oracle', '--out', folder)
    await told(child, 'remaining') // what it is about to do, for several seconds
    child.kill('SIGINT')
    const { exitCode, stdout } = await ended
    expect(stdout, stdout).toMatch(/outcome +stopped/)
    expect(exitCode).toBe(130)
    const recording = join(folder, readdirSync(folder)[0]!, 'recording.mcap')
    expect(await verifyRecording(recording)).toContain('/outcome')
  })
})

test('a second Ctrl-C ends the run at once, also while the policy decides', async () => {
  const { child, ended } = start('run', goal, '--out', mkdtempSync(join(out, 'sigint-twice-')))
  await told(child, 'goal:')
  const stopping = told(child, 'again to end at once')
  child.kill('SIGINT')
  await stopping
  child.kill('SIGINT')
  await ended
  // Killed by the signal itself: no worker thread is stopped, so none can abort the process or hold it up.
  expect([child.exitCode, child.signalCode]).toEqual([null, 'SIGINT'])
})

/** In this process: nothing of it is about processes. */
const oracleHere = (...args: string[]) => cliport('run', goal, '--policy', 'oracle', '--out', out, '--json', ...args)

describe('what is wrong before anything moves', () => {
  test('nobody at the address of the controller: exit code 3', async () => {
    const { exitCode, stderr } = await oracleHere('--robot', 'tcp://127.0.0.1:9')
    expect(exitCode).toBe(3)
    expect(stderr).toContain('LINK_ABSENT')
  })

  test('a host without an address: exit code 3, and the name', async () => {
    const { exitCode, stderr } = await oracleHere('--robot', 'tcp://robot.invalid:5600')
    expect(exitCode).toBe(3)
    expect(stderr).toContain("No IPv4 address is known for the host 'robot.invalid'")
  })

  test.each([
    ['an empty goal', '', 'GOAL_EMPTY'],
    ['a goal of blanks', '  \t ', 'GOAL_EMPTY'],
    ['a goal of 10,000 characters', 'red '.repeat(2500), 'GOAL_TOO_LONG'],
  ])('%s is wrong use: exit code 2', async (_, sentence, code) => {
    const { exitCode, stderr } = await cliport('run', sentence, '--policy', 'oracle', '--out', out, '--json')
    expect(exitCode).toBe(2)
    expect(stderr).toContain(code)
  })

  test('a goal without a known word is not understood, and the arm stays where it is', async () => {
    const { exitCode, report } = await cliport('run', 'xyzzy plugh frobnicate', '--out', out, '--json')
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ outcome: 'not_understood', steps: 0, first_motion_ms: null })
  })

  test('a policy package whose file was changed: POLICY_CHECKSUM, exit code 2', async () => {
    const tampered = join(out, 'tampered')
    cpSync('models/edge', tampered, { recursive: true })
    const bytes = readFileSync(join(tampered, 'decide.onnx'))
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(join(tampered, 'decide.onnx'), bytes)
    const { exitCode, stderr } = await cliport('run', goal, '--policy', tampered, '--out', out, '--json')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('POLICY_CHECKSUM')
  })

  test('a policy package of another shape: POLICY_SHAPE, exit code 2', async () => {
    const other = join(out, 'other-shape')
    cpSync('models/edge', other, { recursive: true })
    const manifest = JSON.parse(readFileSync(join(other, 'manifest.json'), 'utf8'))
    manifest.models.decide.inputs.height.shape = [1, 321, 160]
    writeFileSync(join(other, 'manifest.json'), JSON.stringify(manifest))
    const { exitCode, stderr } = await cliport('run', goal, '--policy', other, '--out', out, '--json')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/POLICY_SHAPE.*height/)
  })

  test('a policy for an end effector that is not mounted: POLICY_END_EFFECTOR, exit code 2', async () => {
    const other = join(out, 'two-finger')
    cpSync('models/edge', other, { recursive: true })
    const manifest = JSON.parse(readFileSync(join(other, 'manifest.json'), 'utf8'))
    writeFileSync(join(other, 'manifest.json'), JSON.stringify({ ...manifest, end_effectors: ['two_finger'] }))
    const { exitCode, stderr } = await cliport('run', goal, '--policy', other, '--out', out, '--json')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/POLICY_END_EFFECTOR.*two_finger.*suction_cup/)
  })

  test('a policy server that does not answer: POLICY_UNAVAILABLE, exit code 3', async () => {
    const file = join(out, 'server.yaml')
    writeFileSync(file, 'version: 1\npolicy:\n  server: tcp://127.0.0.1:9\n  timeout_s: 0.2\n')
    const { exitCode, stderr } = await cliport('run', goal, '--config', file, '--out', out, '--json')
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/POLICY_UNAVAILABLE.*tcp:\/\/127\.0\.0\.1:9 did not answer within 200 ms/)
  })

  test('a misspelt key of the settings is named with the right one: exit code 2', async () => {
    const file = join(out, 'cell.yaml')
    writeFileSync(file, 'version: 1\nrun:\n  max_stepz: 4\n')
    const { exitCode, stderr } = await oracleHere('--config', file)
    expect(exitCode).toBe(2)
    expect(stderr).toContain('max_steps')
  })

  test('a misspelt option is wrong use: exit code 2', async () => {
    expect((await oracleHere('--sead', '3')).exitCode).toBe(2)
  })
})

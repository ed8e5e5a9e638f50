// The command line as processes among others: pipes that close, disks that are full, terminals that go, two at one place.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startController } from '../../src/bench/processes.js'
import { cliport } from '../fixtures/cli.js'
import { verifyRecording } from '../fixtures/recordings.js'

const cli = 'dist/cli/main.js'
const goal = 'put the red blocks in a green bowl'
let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-processes-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

/** A shell's line; `cliport` in it is this program. @returns exit codes of the pipe's parts */
function shell(line: string): Promise<string[]> {
  const script = `cliport() { "${process.execPath}" ${cli} "$@"; }; ${line}; echo "\${PIPESTATUS[@]}"`
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], (_, stdout) => resolve(stdout.trim().split('\n').at(-1)!.split(' ')))
  })
}

/** Until a recording has begun in a folder of `folder`. */
async function recordingIn(folder: string): Promise<string> {
  for (;;) {
    const [run] = existsSync(folder) ? readdirSync(folder) : []
    if (run !== undefined && existsSync(join(folder, run, 'recording.mcap'))) return join(folder, run)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit'))[0] as number | null

test.each([[['--help']], [['completion', 'bash']]])(
  'output of %j on a full disk is told once, with exit code 1',
  async (args) => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', full, 'pipe'] })
    let stderr = ''
    child.stderr!.on('data', (chunk) => {
      stderr += chunk
    })
    expect((await once(child, 'close'))[0]).toBe(1)
    closeSync(full)
    expect(stderr.match(/DISK_FULL/g)).toEqual(['DISK_FULL'])
  },
)

test('link watch ends with exit code 0 when its reader has read enough', async () => {
  const controller = await startController({ realtime: false })
  try {
    expect(await shell(`cliport link watch --json --rate 50 --robot ${controller.address} | head -1`)).toEqual([
      '0',
      '0',
    ])
  } finally {
    await controller.kill()
  }
})

test('eval whose output and progress go into one pipe ends with exit code 0 when that is closed', async () => {
  expect(await shell('cliport eval --policy oracle --episodes 1000 2>&1 | head -1')).toEqual(['0', '0'])
})

test('a run goes on without anybody who reads, and leaves its page', async () => {
  const folder = join(out, 'unread')
  await shell(`cliport run "${goal}" --policy oracle --steps 1 --out ${folder} 2>&1 | head -1`)
  const run = join(folder, readdirSync(folder)[0]!)
  expect(readdirSync(run)).toEqual(expect.arrayContaining(['index.html', 'run.json', 'recording.mcap']))
})

test('a terminal that is closed in mid-run: the arm is stopped, page and recording are whole, exit code 130', async () => {
  const folder = join(out, 'hangup')
  const child = spawn(process.execPath, [cli, 'run', goal, '--policy', 'oracle', '--out', folder], { stdio: 'ignore' })
  const run = await recordingIn(folder)
  // Twice, as the system and the shell send it.
  child.kill('SIGHUP')
  child.kill('SIGHUP')
  expect(await exitOf(child)).toBe(130)
  expect(readFileSync(join(run, 'run.json'), 'utf8')).toContain('"outcome": "stopped"')
  expect(readFileSync(join(run, 'index.html'), 'utf8')).toContain('Stopped')
  expect(await verifyRecording(join(run, 'recording.mcap'))).toContain('/outcome')
})

test('of two recordings into one folder the second says that the first is at work, and with which process', async () => {
  const folder = join(out, 'episodes')
  const args = ['record', '--out', folder, '--episodes', '1000', '--jobs', '1']
  const first = spawn(process.execPath, [cli, ...args], { stdio: 'ignore' })
  while (!existsSync(join(folder, 'dataset.json'))) await new Promise((resolve) => setTimeout(resolve, 20))
  const { exitCode, report } = await cliport(...args, '--json')
  expect(exitCode).toBe(2)
  expect(report).toMatchObject({
    error: { code: 'FOLDER_BUSY', message: expect.stringContaining(`cliport record, process ${first.pid}`) },
  })
  const ended = exitOf(first)
  first.kill('SIGKILL')
  await ended
  expect((await cliport('record', '--out', folder, '--episodes', '1', '--json')).exitCode).toBe(0)
})

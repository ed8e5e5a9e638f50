// SIGTERM at any moment ends the service by itself, whatever it does and whoever is connected to it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { ServiceClient } from '../../src/service/client/client.js'
import { sceneSentence } from '../fixtures/service.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-ends-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

interface Started {
  readonly child: ChildProcess
  /** Where it listens; rejects when it ends before. */
  readonly ready: Promise<string>
  /** Everything on standard error. */
  readonly told: () => string
}

function start(): Started {
  const args = ['dist/cli/main.js', 'serve', '--json', '--port', '0', '--state', folder, '--out', join(folder, 'runs')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let told = ''
  child.stderr.on('data', (data) => {
    told += data
  })
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      const { mode, url } = JSON.parse(line)
      // Settings that cannot be used start another service, which has nothing to end.
      if (mode === 'safe_mode') reject(new Error(line))
      else resolve(url)
    })
    child.once('exit', () => reject(new Error('the service ended')))
  })
  ready.catch(() => {})
  return { child, ready, told: () => told }
}

/** Clients that answer no goodbye: a WebSocket that is asleep, half a request, a connection that says nothing. */
function beImpolite(url: string): () => void {
  const token = readFileSync(join(folder, 'token'), 'utf8').trim()
  const events = new WebSocket(`${url.replace('http', 'ws')}/api/events`, ['cliport', `cliport-token.${token}`])
  events.on('error', () => {})
  events.once('message', () => events.pause())
  const sockets = ['POST /api/goals HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n{', ''].map((text) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => {})
    if (text !== '') socket.write(text)
    return socket
  })
  return () => {
    events.terminate()
    for (const socket of sockets) socket.destroy()
  }
}

/** What the service does when it is told to end. */
const moments: readonly [name: string, reach: (started: Started) => Promise<unknown>][] = [
  ['it starts', () => sleep(600 * Math.random())],
  ['it has just started', ({ ready }) => ready],
  ['a goal runs', ({ ready }) => ready.then(armed).then((client) => client.add(sceneSentence))],
  ['it asks', ({ ready }) => ready.then(armed).then((client) => client.add('put the block in the bowl'))],
  ['another scene is made', ({ ready }) => ready.then(armed).then((client) => void changeScene(client))],
  ['a goal is previewed', ({ ready }) => ready.then(armed).then((client) => void preview(client))],
]

async function armed(url: string): Promise<ServiceClient> {
  const client = await ServiceClient.connect({ stateFolder: folder, url })
  await client.arm()
  return client
}

const changeScene = (client: ServiceClient) => client.scene({ seed: 5, sentence: sceneSentence }).catch(() => {})
const preview = (client: ServiceClient) => client.preview(sceneSentence, true).catch(() => {})

const rounds = Number(process.env.ENDS ?? moments.length)

test(`${rounds} ends by SIGTERM at random moments`, async () => {
  for (let round = 0; round < rounds; round++) {
    const [name, reach] = moments[round % moments.length]!
    const started = start()
    const { child, ready, told } = started
    await reach(started)
    const leave = await Promise.race([ready.then(beImpolite, () => () => {}), sleep(1, () => {})])
    await sleep(1500 * Math.random())
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const [code, signal] = await ended
    leave()
    // By itself: neither SIGTERM before anybody listened to it, nor what ends a process that something keeps.
    const isBeforeItListens = name === 'it starts' && signal === 'SIGTERM'
    expect({ name, code, signal: isBeforeItListens ? null : signal, told: told() }).toMatchObject({
      name,
      signal: null,
      // 130: given up while it starts
      code: name === 'it starts' ? expect.toBeOneOf([0, 130, null]) : 0,
    })
    expect(told()).not.toContain('still open')
  }
})

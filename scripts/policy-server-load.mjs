// What a policy server stands, on a server of its own: 1,000 malformed requests, clients that are killed in the middle of a
// request, and 8 clients side by side beside a ninth that never waits for its answers. Prints one JSON line; exit code 1 when a reply is missing or a client was starved.
// node scripts/policy-server-load.mjs [--malformed 1000] [--clients 8] [--seconds 60]

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Dealer, Request } from 'zeromq'

const [rows, cols] = [320, 160]
const goal = 'put the red block in the green box'
const header = JSON.stringify({ version: 1, goal, heightmap: { height: rows, width: cols } })
const color = Buffer.alloc(3 * rows * cols, 120)
const height = Buffer.from(new Float32Array(rows * cols).buffer)

/** A red block and a green box, so that there is something to decide. */
function paint(u0, v0, u1, v1, heightM, rgb) {
  for (let u = u0; u < u1; u++) {
    for (let v = v0; v < v1; v++) {
      color.set(rgb, 3 * (u * cols + v))
      height.writeFloatLE(heightM, 4 * (u * cols + v))
    }
  }
}
paint(80, 60, 93, 73, 0.04, [255, 87, 89])
paint(200, 70, 245, 115, 0.05, [89, 169, 79])
paint(205, 75, 240, 110, 0.01, [89, 169, 79])

if (isMainThread) await main()
else parentPort.postMessage(await (workerData.greedy ? greedyClient(workerData) : client(workerData)))

/** One client that waits for each answer before it asks again. */
async function client({ address, seconds }) {
  const socket = new Request({ linger: 0 })
  socket.connect(address)
  const waitsMs = []
  let wrong = null
  const endMs = performance.now() + 1000 * seconds
  while (performance.now() < endMs && wrong === null) {
    const startMs = performance.now()
    await socket.send([header, color, height])
    const [json] = await socket.receive()
    if (JSON.parse(json.toString()).status !== 'ok') wrong = json.toString()
    waitsMs.push(performance.now() - startMs)
  }
  socket.close()
  return { waitsMs, wrong }
}

/** One client that always has so many requests on their way that some get BUSY. */
async function greedyClient({ address, seconds }) {
  const socket = new Dealer({ linger: 0 })
  socket.connect(address)
  const counts = { answered: 0, busy: 0 }
  const send = () => socket.send(['', header, color, height])
  for (let i = 0; i < 16; i++) await send()
  const endMs = performance.now() + 1000 * seconds
  while (performance.now() < endMs) {
    const [, json] = await socket.receive()
    counts[JSON.parse(json.toString()).error?.code === 'BUSY' ? 'busy' : 'answered']++
    await send()
  }
  socket.close()
  return counts
}

async function main() {
  const { values } = parseArgs({
    options: {
      malformed: { type: 'string', default: '1000' },
      clients: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '60' },
    },
  })
  const server = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)),
      'policy',
      'serve',
      '--bind',
      'tcp://127.0.0.1:*',
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [first] = await once(server.stdout, 'data')
  const { address } = JSON.parse(first.toString())
  try {
    const malformed = await sendMalformed(address, Number(values.malformed))
    const killed = await killClients(address, 10)
    const load = await runClients(address, Number(values.clients), Number(values.seconds))
    const isGood = malformed.error_replies === malformed.requests && load.starved === 0 && load.wrong.length === 0
    console.log(JSON.stringify({ malformed, killed, load }))
    process.exitCode = isGood ? 0 : 1
  } finally {
    server.kill('SIGINT')
    await once(server, 'close')
  }
}

/** Random bytes, JSON that is none of the messages, parts that are missing, cut or too many: mulberry32 from seed 1. */
async function sendMalformed(address, requests) {
  let state = 1
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const upTo = (n) => Math.floor(random() * n)
  const bytes = (n) => Buffer.from(Array.from({ length: n }, () => upTo(256)))
  const cut = (part) => part.subarray(0, upTo(part.length))
  const makers = [
    () => [bytes(1 + upTo(2000))],
    () => Array.from({ length: 1 + upTo(6) }, () => bytes(1 + upTo(100))),
    () => [header.slice(0, upTo(header.length - 1)) || '{', color, height],
    () => [header, cut(color), height],
    () => [header, color, cut(height)],
    () => [header, color],
    () => [header, color, height, color, height],
    () => [header.replace('"version":1', `"version":${2 + upTo(100)}`), color, height],
    () => [header.replace('320', `${321 + upTo(1e9)}`), color, height],
    () => [header.replace(goal, ''), color, height],
    () => [header.replace('"goal"', '"gaol"'), color, height],
    () => [header, color, Buffer.from(new Float32Array(rows * cols).fill(Number.NaN).buffer)],
  ]
  const socket = new Dealer({ linger: 0 })
  socket.connect(address)
  let replies = 0
  const codes = {}
  for (let i = 0; i < requests; i++) {
    await socket.send([`${i}`, '', ...makers[i % makers.length]()])
    const [id, , json] = await socket.receive()
    const { error } = JSON.parse(json.toString())
    if (id.toString() === `${i}` && error) replies++
    codes[error?.code ?? 'none'] = (codes[error?.code ?? 'none'] ?? 0) + 1
  }
  socket.close()
  return { requests, error_replies: replies, codes }
}

/** Processes that end by SIGKILL once their request is on its way. */
async function killClients(address, count) {
  const script = `const { Request } = await import('zeromq')
    const socket = new Request()
    socket.connect(${JSON.stringify(address)})
    await socket.send([${JSON.stringify(header)}, Buffer.alloc(${color.length}), Buffer.alloc(${height.length})])
    process.stdout.write('sent')
    await socket.receive()
    setInterval(() => {}, 1000)`
  for (let i = 0; i < count; i++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  return count
}

async function runClients(address, count, seconds) {
  const start = async (greedy) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { address, seconds, greedy } })
    return (await once(worker, 'message'))[0]
  }
  const [greedy, ...results] = await Promise.all([start(true), ...Array.from({ length: count }, () => start(false))])
  const answers = results.map(({ waitsMs }) => waitsMs.length)
  const all = Float64Array.from(results.flatMap(({ waitsMs }) => waitsMs)).sort()
  const at = (share) => Number(all[Math.min(all.length - 1, Math.floor(share * all.length))].toFixed(1))
  // Fair means equal shares; less than half of one is starved.
  const starved = answers.filter((n) => n < 0.5 * (all.length / count)).length
  return {
    ...{ clients: count, seconds, answers, starved, wrong: results.flatMap(({ wrong }) => wrong ?? []), greedy },
    wait_ms: { p50: at(0.5), p99: at(0.99), max: at(1) },
  }
}

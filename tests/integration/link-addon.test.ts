// The controller addon in processes and threads that end in every way, with its sockets open.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createController } from '../../src/native/controller.js'
import { projectPath } from '../../src/native/paths.js'

const preamble = `
  const { Controller } = require(${JSON.stringify(projectPath('build/Release/controller.node'))})
  const input = { qRad: new Float64Array([0, -0.8, 0, -2.4, 0, 1.6, 0.8]), dqRadps: new Float64Array(7), flags: new Uint8Array(2) }
  const output = { qRefRad: new Float64Array(7), dqRefRadps: new Float64Array(7), flags: new Uint8Array(3) }
  const make = () => new Controller({ backend: 'cell', qRad: [...input.qRad] }, input, output)
`

/** Runs a script in a process of its own; rejects with its output when it crashes. */
function run(script: string): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, ['--expose-gc', '-e', preamble + script])
}

test('process.exit on the main thread ends the sockets that still listen', async () => {
  await run(`const controller = make(); controller.listen('tcp://127.0.0.1:*'); controller.cycle(1n); process.exit(0)`)
})

test('a process ends by itself although sockets still listen', async () => {
  await run(`const controller = make(); controller.listen('tcp://127.0.0.1:*')`)
})

test('controllers that nobody holds any more are collected with their sockets and threads', async () => {
  const { stdout } = await run(`
    const { readdirSync } = require('node:fs')
    const threads = () => readdirSync('/proc/self/task').length
    const churn = async (n) => {
      for (let i = 0; i < n; i++) { make().listen('tcp://127.0.0.1:*'); await new Promise(setImmediate); gc() }
      for (let i = 0; i < 5; i++) { await new Promise(setImmediate); gc() }
    }
    churn(3).then(async () => { const before = threads(); await churn(20); console.log(threads() - before) })
  `)
  expect(Number(stdout)).toBeLessThanOrEqual(3) // of 60 that were started: three a controller
})

test.each([
  ['is terminated', `parentPort.postMessage(0); setInterval(() => {}, 1000)`],
  ['exits', `parentPort.postMessage(0); process.exit(0)`],
  ['throws', `parentPort.postMessage(0); throw new Error('on purpose')`],
])('a worker that %s takes its sockets with it, and another one can load the addon', async (_, end) => {
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       ${preamble}
       const controller = make(); controller.cycle(1n); parentPort.postMessage(controller.listen('tcp://127.0.0.1:*').address)
       ${end}`,
      { eval: true },
    )
    worker.on('error', () => {})
    const address: string = await new Promise((resolve) => worker.once('message', resolve))
    expect(address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
    await worker.terminate()
    const server = createServer().listen(Number(new URL(address).port), '127.0.0.1')
    await once(server, 'listening') // so the port is free again
    server.close()
  }
})

function aController(overrides: Record<string, unknown> = {}, input: Record<string, unknown> = {}) {
  return createController(
    { backend: 'cell', qRad: [0, -0.8, 0, -2.4, 0, 1.6, 0.8], ...overrides },
    { qRad: new Float64Array(7), dqRadps: new Float64Array(7), flags: new Uint8Array(2), ...input },
    { qRefRad: new Float64Array(7), dqRefRadps: new Float64Array(7), flags: new Uint8Array(3) },
  )
}

test.each([
  [{ backend: 1 }, {}, 'Expected options.backend to be a string'],
  [{ qRad: [0] }, {}, 'Expected 7 elements for options.qRad but received 1'],
  [{ qRad: Array(7).fill(Number.NaN) }, {}, 'Expected q_rad[0] to be finite'],
  [{ motionBoxM: [1, 0, 0, 1, 0, 1] }, {}, 'lower end of x'],
  [{}, { qRad: new Float64Array(6) }, 'Expected 7 elements for input.qRad but received 6'],
  [{}, { flags: [0, 0] }, 'Expected input.flags to be a Uint8Array'],
])('an option that makes no sense is named', (options, input, complaint) => {
  expect(() => aController(options, input)).toThrow(complaint)
})

test('a buffer that was transferred away is an error, not a crash', () => {
  const qRad = new Float64Array(7)
  const controller = aController({}, { qRad })
  controller.cycle(1n)
  structuredClone(qRad, { transfer: [qRad.buffer] })
  expect(() => controller.cycle(2n)).toThrow('Expected 7 elements for input.qRad but received 0')
})

test('time does not go back', () => {
  const controller = aController()
  controller.cycle(5n)
  expect(() => controller.cycle(4n)).toThrow('Expected nowNs not to go back: it was 5 and now is 4')
})

test('an address that cannot be served, and a second one, are refused', () => {
  const controller = aController()
  expect(() => controller.listen('ipc:///tmp/x')).toThrow('it does not start with tcp://')
  const { address } = controller.listen('tcp://127.0.0.1:*')
  expect(() => controller.listen('tcp://127.0.0.1:*')).toThrow(`Already listening at ${address}`)
  controller.close()
})

test('every endpoint has keys of its own', () => {
  const [one, other] = [aController(), aController()]
  const keys = [one, other].map((controller) => controller.listen('tcp://127.0.0.1:*').keys)
  expect(new Set(keys.flatMap((key) => Object.values(key))).size).toBe(6)
  for (const controller of [one, other]) controller.close()
})

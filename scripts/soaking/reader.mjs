// One reader of the event stream, in a process of its own: node reader.mjs STATE_FOLDER fast|slow
// Joins again whenever the connection ends. Reports what it read every two seconds; `cut` ends its connection.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'

const [folder, pace] = process.argv.slice(2)
/** A slow reader reads nothing for so long, then for so long what has come. */
const slow = { asleepMs: 14_000, awakeMs: 1000 }
const seen = { connections: 0, events: 0, pictures: 0, gaps: [], sent_away: 0 }
let socket = null

process.on('message', (order) => {
  if (order === 'cut') socket?.terminate()
})
process.on('disconnect', () => process.exit())
setInterval(() => process.send?.(seen), 2000)

function take(text, last) {
  const { event, sequence } = JSON.parse(text)
  seen.events++
  const isNewest = event === 'robot' || event === 'cameras'
  if (last === null) {
    if (event !== 'state') seen.gaps.push(`the first event is ${event}`)
  } else if (!isNewest && sequence !== last + 1) seen.gaps.push(`${sequence} after ${last}: ${event}`)
  return isNewest && last !== null ? last : sequence
}

/** Until the connection ends. */
async function readSlowly(connection) {
  while (connection.readyState === WebSocket.OPEN) {
    connection.pause()
    await sleep(slow.asleepMs)
    connection.resume()
    await sleep(slow.awakeMs)
  }
}

async function read() {
  const { url } = JSON.parse(await readFile(join(folder, 'service.json'), 'utf8'))
  const token = (await readFile(join(folder, 'token'), 'utf8')).trim()
  await new Promise((resolve) => {
    let last = null
    socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/events`, ['cliport', `cliport-token.${token}`])
    const connection = socket
    socket.on('open', () => {
      seen.connections++
      if (pace === 'slow') void readSlowly(connection)
    })
    socket.on('message', (data, isBinary) => {
      if (isBinary) seen.pictures++
      else last = take(data.toString('utf8'), last)
    })
    socket.on('error', () => {})
    socket.on('close', (code) => {
      if (code === 1013) seen.sent_away++
      resolve()
    })
  })
}

for (;;) {
  await read().catch(() => {})
  await sleep(500)
}

// `/api/events`: the whole state at once, then every event, and pictures as they come.

import type { WebSocket } from '@fastify/websocket'
import { ClientFeed } from '../client-feed.js'
import type { Service } from '../service.js'

/** Further clients are sent away: try again later. */
const mostClients = 32
const aliveMs = 15_000

export function serveEvents(socket: WebSocket, service: Service): void {
  if (service.hub.size >= mostClients) {
    socket.close(1013, `${mostClients} clients are connected`)
    return
  }
  const connection = {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send: (body: string | Uint8Array, done: () => void) => socket.send(body, done),
    close: (code: number, reason: string) => socket.close(code, reason),
  }
  const feed = new ClientFeed(connection, () => {
    service.hub.dropped += 1
  })
  const leave = service.hub.join(service.state(), (message) => feed.add(message))
  // A client that vanished without a word is noticed by the ping that it does not answer.
  let isAlive = true
  const pulse = setInterval(() => {
    if (!isAlive) {
      socket.terminate()
      return
    }
    isAlive = false
    socket.ping()
  }, aliveMs)
  pulse.unref()
  socket.on('pong', () => {
    isAlive = true
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearInterval(pulse)
    leave()
    feed.end()
  })
}

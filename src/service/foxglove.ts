// The service live in Foxglove (`ws://HOST:PORT/foxglove?token=TOKEN`, open connection of kind "Foxglove WebSocket"):
// cameras, maps, the arm, the session, the turn of the running goal, the log. Only to look at: nothing is taken from it.

import type { WebSocket } from '@fastify/websocket'
import { CompressedImage, Log, PoseInFrame } from '@foxglove/schemas/jsonschema.js'
import protocol from '@foxglove/ws-protocol'
import type { PictureHeader, ServiceEvent } from './api.js'
import type { Message } from './hub.js'
import type { Service } from './service.js'

// CommonJS, whose names Node does not see.
const { FoxgloveServer } = protocol

/** Subprotocol of Foxglove's WebSocket protocol. */
export const foxgloveProtocol: string = FoxgloveServer.SUPPORTED_SUBPROTOCOL

/** A client that has more than this unsent gets no pictures for now. */
const mostBufferedBytes = 4 * 1024 * 1024

const schemas = { CompressedImage, Log, PoseInFrame } as const

type SchemaName = keyof typeof schemas

export class FoxgloveFeed {
  readonly #server = new FoxgloveServer({ name: 'cliport', supportedEncodings: ['json'] })
  readonly #channels = new Map<string, number>()
  #clients = 0
  #leave: () => void = () => {}

  constructor(private readonly service: Service) {
    // A client that breaks the protocol is its own problem.
    this.#server.on('error', () => {})
  }

  serve(socket: WebSocket): void {
    this.#clients += 1
    if (this.#clients === 1) this.#leave = this.service.hub.join(this.service.state(), (message) => this.#take(message))
    socket.once('close', () => {
      this.#clients -= 1
      if (this.#clients === 0) this.#leave()
    })
    const send = socket.send.bind(socket) as (...args: unknown[]) => void
    // Nothing is queued for a client that does not keep up.
    socket.send = ((...args: unknown[]) => {
      if (socket.bufferedAmount < mostBufferedBytes) send(...args)
    }) as typeof socket.send
    this.#server.handleConnection(socket as never, 'foxglove')
  }

  #take({ body }: Message): void {
    if (typeof body === 'string') this.#event(JSON.parse(body) as ServiceEvent)
    else this.#picture(body)
  }

  #picture(body: Uint8Array): void {
    const length = new DataView(body.buffer, body.byteOffset).getUint32(0, true)
    const header = JSON.parse(new TextDecoder().decode(body.subarray(4, 4 + length))) as PictureHeader
    const { kind, name } = header
    const topic = kind === 'camera' ? `/camera/${name}` : `/${kind}`
    const data = Buffer.from(body.subarray(4 + length)).toString('base64')
    this.#send(topic, 'CompressedImage', { timestamp: now(), frame_id: name, format: 'webp', data })
  }

  #event({ event, data }: ServiceEvent): void {
    switch (event) {
      case 'robot': {
        this.#send('/robot', null, data)
        const [x, y, z] = data.p_base_tool_m
        const half = data.yaw_rad / 2
        const orientation = { x: 0, y: 0, z: Math.sin(half), w: Math.cos(half) }
        this.#send('/tool', 'PoseInFrame', {
          timestamp: now(),
          frame_id: 'base',
          pose: { position: { x, y, z }, orientation },
        })
        return
      }
      case 'log':
        this.#send('/log', 'Log', {
          timestamp: now(),
          level: 2,
          message: data.line,
          name: 'cliport',
          file: '',
          line: 0,
        })
        return
      case 'state':
        this.#send('/session', null, data.session)
        return
      default:
        this.#send(`/${event}`, null, data)
    }
  }

  #send(topic: string, schema: SchemaName | null, value: unknown): void {
    const channel = this.#channels.get(topic) ?? this.#addChannel(topic, schema)
    const payload = new TextEncoder().encode(JSON.stringify(value))
    this.#server.sendMessage(channel, BigInt(Date.now()) * 1_000_000n, payload)
  }

  #addChannel(topic: string, schema: SchemaName | null): number {
    const described =
      schema === null
        ? { schemaName: '', schema: '' }
        : {
            schemaName: `foxglove.${schema}`,
            schema: JSON.stringify(schemas[schema]),
            schemaEncoding: 'jsonschema',
          }
    const id = this.#server.addChannel({ topic, encoding: 'json', ...described })
    this.#channels.set(topic, id)
    return id
  }
}

/** As foxglove's schemas have times. */
function now(): { readonly sec: number; readonly nsec: number } {
  const ms = Date.now()
  return { sec: Math.floor(ms / 1000), nsec: (ms % 1000) * 1_000_000 }
}

// The service's events as they come, without its pictures.

import WebSocket from 'ws'
import { eventSchema, type ServiceEvent } from '../api.js'
import { absent } from './absent.js'
import type { ServiceAddress } from './find.js'

/** @throws CliportError SERVICE_ABSENT when there is no connection; ends when it ends, and with the signal */
export async function* events({ url, token, ca }: ServiceAddress, signal?: AbortSignal): AsyncGenerator<ServiceEvent> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/events`, ['cliport'], {
    headers: { authorization: `Bearer ${token}` },
    ...(ca === undefined ? {} : { ca }),
  })
  const waiting: ServiceEvent[] = []
  let failure: Error | null = null
  let isOver = false
  let wake = () => {}
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) return
    const event = eventSchema.safeParse(JSON.parse(data.toString('utf8')))
    // An event that this release does not know is none of its business.
    if (event.success) waiting.push(event.data)
    wake()
  })
  socket.on('error', (cause) => {
    failure = absent(url, cause.message, cause)
    wake()
  })
  socket.on('close', () => {
    isOver = true
    wake()
  })
  const onAbort = () => socket.terminate()
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  try {
    while (failure === null) {
      const event = waiting.shift()
      if (event !== undefined) yield event
      else if (isOver) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    if (!signal?.aborted) throw failure
  } finally {
    signal?.removeEventListener('abort', onAbort)
    socket.terminate()
  }
}

// Which clients get through the handshake: ZeroMQ asks over its authentication protocol (ZAP, ZeroMQ RFC 27), here.

import { type Context, Reply } from 'zeromq'

/** Any name: without one ZeroMQ does not ask for CURVE. */
export const zapDomain = 'cliport-policy'

const z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

/** Answers ZeroMQ's questions in a context until it is closed: only the keys of `clients` may come in. */
export async function admit(context: Context, clients: ReadonlySet<string>): Promise<{ close(): void }> {
  const socket = new Reply({ context, linger: 0 })
  await socket.bind('inproc://zeromq.zap.01')
  void answer(socket, clients).catch((error) => {
    // Closed while a client was being answered; anything else would leave all of them waiting.
    if (!socket.closed) throw error
  })
  return { close: () => socket.close() }
}

/** Request: version, request id, domain, address, identity, mechanism, credentials (32 bytes of a CURVE key). */
async function answer(socket: Reply, clients: ReadonlySet<string>): Promise<void> {
  for await (const [version, id, , , , mechanism, key] of socket) {
    const isKnown = mechanism?.toString() === 'CURVE' && key?.length === 32 && clients.has(z85Of(key))
    const verdict = isKnown ? ['200', 'OK', 'client'] : ['400', 'unknown key', '']
    await socket.send([version ?? '1.0', id ?? '', ...verdict, ''])
  }
}

/** Z85 text of bytes whose number is a multiple of 4 (ZeroMQ RFC 32). */
export function z85Of(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at < bytes.byteLength; at += 4) {
    const value = view.getUint32(at)
    for (let power = 85 ** 4; power >= 1; power /= 85) text += z85[Math.floor(value / power) % 85]
  }
  return text
}

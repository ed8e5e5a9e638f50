// The service's port: whether it is free, and who has it.

import { get } from 'node:http'
import { createServer } from 'node:net'
import { CliportError } from '../control/errors.js'
import type { Config } from '../runtime/config/schema.js'
import type { App } from './http/routes.js'

type Address = Pick<Config['service'], 'host' | 'port'>

/** Who has the port is named only, never waited for. */
const answerMs = 1000

/**
 * Before the policy is loaded, which takes seconds and a gigabyte.
 * @throws CliportError SERVICE_REFUSED where the port is taken, naming who has it
 */
export async function expectFreePort(address: Address): Promise<void> {
  if (address.port === 0) return
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(address.port, address.host, () => server.close(() => resolve(null)))
  })
  if (failure !== null) throw await refused(address, failure)
}

/** @returns where the page is @throws CliportError SERVICE_REFUSED */
export async function listen(app: App, { host, port }: Address, isSecure: boolean): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    throw await refused({ host, port }, cause as NodeJS.ErrnoException)
  }
  const address = app.server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http${isSecure ? 's' : ''}://${name}:${bound}`
}

async function refused({ host, port }: Address, cause: NodeJS.ErrnoException): Promise<CliportError> {
  const holder = cause.code === 'EADDRINUSE' ? `: ${await holderOf(port)}` : `: ${cause.message}`
  return new CliportError('SERVICE_REFUSED', `Cannot listen on ${host}:${port}${holder}`, {
    stage: 'start',
    hint:
      cause.code === 'EADDRINUSE'
        ? `End it (ss -ltnp "sport = :${port}" names its process), or choose another port: --port ${port + 1}, or service.port in the settings`
        : 'Choose another service.host or service.port',
    cause,
  })
}

/** What answers on this machine. */
function holderOf(port: number): Promise<string> {
  return new Promise((resolve) => {
    const unknown = () => resolve('another program listens there')
    const asked = get(
      { host: '127.0.0.1', port, path: '/api/openapi.json', agent: false, timeout: answerMs },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          text += part
        })
        answer.on('end', () => resolve(titleIn(text)))
        answer.on('error', unknown)
      },
    )
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', unknown)
  })
}

function titleIn(text: string): string {
  try {
    const { info } = JSON.parse(text) as { info: { title: string; version: string } }
    return info.title === 'cliport-edge'
      ? `another cliport serve (${info.version}) listens there`
      : 'another program listens there'
  } catch {
    return 'another program listens there'
  }
}

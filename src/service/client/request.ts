// One request over HTTP or HTTPS.

import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { absent } from './absent.js'
import type { ServiceAddress } from './find.js'

export interface Answer {
  readonly status: number
  /** Parsed JSON; null for an answer that is none. */
  readonly body: unknown
}

/** A stop waits for the controller, a scene for the simulated cell. */
const timeoutMs = 60_000

/** @throws CliportError SERVICE_ABSENT when there is no answer */
export function request(
  { url, token, ca }: ServiceAddress,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  {
    headers = {},
    body,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: object | undefined } = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp
    const sent = send(
      `${url}${path}`,
      {
        method,
        timeout: timeoutMs,
        // A connection of its own: nothing waits behind an earlier request.
        agent: false,
        headers: {
          ...headers,
          authorization: `Bearer ${token}`,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(parts)) }))
        response.on('error', (cause) => reject(absent(url, cause.message, cause)))
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
    sent.on('error', (cause) => reject(absent(url, cause.message, cause)))
    sent.end(text)
  })
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}

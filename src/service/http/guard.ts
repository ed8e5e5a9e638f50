// What a request must show before it is looked at: that it means this service (Host), that no stranger's web page sends
// it (Origin), that it has the token, and that it is not too late.

import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { CliportError } from '../../control/errors.js'
import { isSameToken } from '../token.js'

export interface GuardOptions {
  readonly token: string
  /** Host names of the settings. */
  readonly names: readonly string[]
  readonly epoch: string
  readonly clockMs: () => number
}

/** Subprotocol of the WebSocket, and what carries the token where a browser lets no header be set. */
export const protocol = 'cliport'
export const tokenProtocolPrefix = 'cliport-token.'

/**
 * @throws CliportError SERVICE_REFUSED for a name that is not this service's: a page that made its own name point here, to
 * read what only this machine may read (DNS rebinding)
 */
export function expectHost({ headers, socket }: FastifyRequest, names: readonly string[]): void {
  const host = hostOf(headers.host ?? '')
  const isOwnAddress = isIP(host) !== 0 && (host === plain(socket.localAddress) || isLoopback(host))
  if (
    isOwnAddress ||
    ['localhost', hostname().toLowerCase(), ...names.map((name) => name.toLowerCase())].includes(host)
  )
    return
  throw foreign(
    `Expected this service's own name in Host but received '${headers.host ?? ''}'`,
    'List the name under service.names in the settings',
  )
}

/** @throws CliportError SERVICE_REFUSED for a request of another web page */
export function expectOrigin({ headers, protocol: scheme }: FastifyRequest): void {
  const { origin } = headers
  const site = headers['sec-fetch-site']
  if (origin === undefined && site !== 'cross-site') return
  if (origin === `${scheme}://${headers.host}`) return
  throw foreign(
    `Expected a request of this service's own page but received one of ${origin ?? 'another site'}`,
    'Open the page of the service itself',
  )
}

/** @throws CliportError TOKEN_INVALID */
export function expectToken({ headers }: FastifyRequest, { token }: Pick<GuardOptions, 'token'>): void {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  expectRight(bearer ?? protocolToken(headers['sec-websocket-protocol']), token)
}

/** The same for a program that can set nothing but an address. @throws CliportError TOKEN_INVALID */
export function expectTokenInQuery({ query }: FastifyRequest, { token }: Pick<GuardOptions, 'token'>): void {
  const given = (query as Record<string, unknown>).token
  expectRight(typeof given === 'string' ? given : null, token)
}

function expectRight(given: string | null, token: string): void {
  if (given !== null && isSameToken(given, token)) return
  const what = given === null ? 'Expected a token, but the request has none' : 'The token is not that of this service'
  throw new CliportError('TOKEN_INVALID', what, {
    stage: 'serve',
    hint: 'Authorization: Bearer TOKEN, with the content of the token file that cliport serve names',
  })
}

/** @throws CliportError COMMAND_EXPIRED for an act that was meant for an earlier time, or for an earlier start */
export function expectInTime(
  { headers }: FastifyRequest,
  { epoch, clockMs }: Pick<GuardOptions, 'epoch' | 'clockMs'>,
): void {
  const { 'cliport-epoch': meant, 'cliport-expires': expires } = headers
  if (meant !== undefined && meant !== epoch) throw expired('the service has been started again since')
  if (expires === undefined) return
  const lateMs = clockMs() - Number(expires)
  if (!(lateMs <= 0))
    throw expired(Number.isFinite(lateMs) ? `it came ${lateMs.toFixed(0)} ms too late` : `'${expires}' is no time`)
}

function protocolToken(protocols: string | undefined): string | null {
  const all = (protocols ?? '').split(',').map((one) => one.trim())
  return all.find((one) => one.startsWith(tokenProtocolPrefix))?.slice(tokenProtocolPrefix.length) ?? null
}

/** Without the port, and an IPv6 address without its brackets. */
function hostOf(header: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::\d+)?$/.exec(header.toLowerCase())
  return match?.[1] ?? match?.[2] ?? ''
}

/** An IPv4 address as IPv6 sockets have it, in its own form. */
function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '')
}

/** Whether nobody outside this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function foreign(message: string, hint: string): CliportError {
  return new ForeignRequest('SERVICE_REFUSED', message, { stage: 'serve', hint })
}

/** Answered with 403 instead of 409. */
export class ForeignRequest extends CliportError {}

function expired(why: string): CliportError {
  return new CliportError('COMMAND_EXPIRED', `The act was not carried out: ${why}`, {
    stage: 'serve',
    hint: 'Look at the state again, then repeat it',
  })
}

// Keys of the policy server: CURVE (ZeroMQ RFC 26), as on the link, in files of the same form (docs/policy-server.md).

import { randomBytes } from 'node:crypto'
import { chmod, link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { curveKeyPair } from 'zeromq'
import { CliportError } from '../../control/errors.js'
import { makeFolder } from '../make-folder.js'
import { pathExists } from '../path-exists.js'

/** Z85 text of 40 characters each (ZeroMQ RFC 32). */
export interface KeyPair {
  readonly publicKey: string
  readonly secretKey: string
}

/** A server's own pair, and the clients that it answers. */
export interface ServerKeys {
  readonly own: KeyPair
  readonly clients: ReadonlySet<string>
}

/** A client's own pair, and the server that it expects. */
export interface ClientKeys {
  readonly own: KeyPair
  readonly serverPublic: string
}

const keyPattern = /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/

/** $XDG_CONFIG_HOME/cliport/policy, else ~/.config/cliport/policy. */
export function policyKeyFolder(): string {
  const { XDG_CONFIG_HOME } = process.env
  return join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'cliport', 'policy')
}

/** A server's keys; what is missing is made. @throws CliportError POLICY_KEYS_INVALID naming the file */
export async function serverKeys(folder = policyKeyFolder()): Promise<ServerKeys> {
  await makeMissingKeys(folder)
  const clients = new Set(await readPublicKeys(join(folder, 'clients')))
  return { own: await readPair(join(folder, 'server.key')), clients }
}

/** A client's keys; what is missing is made. @throws CliportError POLICY_KEYS_INVALID naming the file */
export async function clientKeys(folder = policyKeyFolder()): Promise<ClientKeys> {
  await makeMissingKeys(folder)
  const [serverPublic] = await readPublicKeys(join(folder, 'server.pub'))
  if (serverPublic === undefined) throw invalid(join(folder, 'server.pub'), 'holds no key')
  return { own: await readPair(join(folder, 'client.key')), serverPublic }
}

/** So that a server and a client of one user on one machine know each other, whichever starts first. */
async function makeMissingKeys(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    for (const name of ['server', 'client']) {
      await writeNew(join(folder, `${name}.key`), pairText(curveKeyPair()), 0o600)
      const { publicKey } = await readPair(join(folder, `${name}.key`))
      await writeNew(join(folder, `${name}.pub`), `${publicKey}\n`, 0o644)
    }
    const own = (await readFile(join(folder, 'client.pub'), 'utf8')).trim()
    await writeNew(join(folder, 'clients'), `${own} this machine\n`, 0o600)
  } catch (cause) {
    if (cause instanceof CliportError) throw cause
    throw invalid(folder, `cannot be used: ${(cause as Error).message}`, cause)
  }
}

function pairText({ publicKey, secretKey }: KeyPair): string {
  return `public ${publicKey}\nsecret ${secretKey}\n`
}

/** Writes a file that is not there yet, as a whole: of two writers one wins, and a reader sees all of it or nothing. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  if (await pathExists(path)) return
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
    await chmod(temporary, mode)
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(temporary, { force: true })
  }
}

async function readPair(path: string): Promise<KeyPair> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw invalid(path, 'is open to other users: chmod 600 it, or delete it for a new one')
  }
  const text = await readFile(path, 'utf8')
  const [, publicKey = '', secretKey = ''] = /^public (\S+)\s+secret (\S+)\s*$/.exec(text) ?? []
  if (keyPattern.test(publicKey) && keyPattern.test(secretKey)) return { publicKey, secretKey }
  throw invalid(path, 'holds no pair of keys: delete it for a new one')
}

/** One key a line; words behind it are for people. */
async function readPublicKeys(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw invalid(path, `cannot be read: ${cause.message}`, cause)
  })
  return text.split('\n').flatMap((line) => {
    const [key = ''] = line.trim().split(/\s+/)
    if (key !== '' && !keyPattern.test(key)) {
      throw invalid(path, `expected a public key of 40 characters at the start of the line '${line}'`)
    }
    return key === '' ? [] : [key]
  })
}

function invalid(path: string, what: string, cause?: unknown): CliportError {
  return new CliportError('POLICY_KEYS_INVALID', `Keys of the policy server: ${path} ${what}`, {
    stage: 'start',
    hint: 'docs/policy-server.md says which keys belong where',
    cause,
  })
}

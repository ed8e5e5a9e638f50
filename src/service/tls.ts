// The certificate beyond loopback: the lab's own, or one that the service signs itself at the first use.

import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { CliportError } from '../control/errors.js'
import { pathExists } from '../io/path-exists.js'
import type { Config } from '../runtime/config/schema.js'
import { certificateFile, certificateKeyFile } from './state-folder.js'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Browsers take no longer one of a server. */
const validDays = 397

/**
 * The certificate of the settings, else that of the folder, made at the first use for this machine's names and addresses.
 * @throws CliportError CONFIG_INVALID where the settings name files that cannot be read, or only one of the two
 */
export async function openCertificate(
  folder: string,
  { tls_certificate: certFile, tls_key: keyFile, names }: Config['service'],
): Promise<Certificate> {
  if (certFile !== null && keyFile !== null) return readPair(certFile, keyFile)
  if (certFile !== null || keyFile !== null) {
    throw invalid('Expected both service.tls_certificate and service.tls_key but received one', undefined)
  }
  const own = { cert: join(folder, certificateFile), key: join(folder, certificateKeyFile) }
  if (!(await pathExists(own.key))) {
    const { cert, private: key } = await selfSigned(names)
    await writeFile(own.cert, cert)
    // The key last: where it is, both are whole.
    await writeFile(own.key, key, { mode: 0o600 }).catch(async (error) => {
      await rm(own.key, { force: true })
      throw error
    })
  }
  return readPair(own.cert, own.key)
}

function selfSigned(names: readonly string[]): ReturnType<typeof generate> {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? [])
  const dns = [...new Set(['localhost', hostname(), ...names])]
  const now = Date.now()
  return generate([{ name: 'commonName', value: hostname() }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 86_400_000),
    notAfterDate: new Date(now + validDays * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...dns.map((value) => ({ type: 2 as const, value })),
          ...addresses.map((ip) => ({ type: 7 as const, ip: ip.split('%')[0]! })),
        ],
      },
    ],
  })
}

async function readPair(certFile: string, keyFile: string): Promise<Certificate> {
  try {
    return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') }
  } catch (cause) {
    throw invalid(`The certificate cannot be read: ${(cause as Error).message}`, cause)
  }
}

function invalid(message: string, cause: unknown): CliportError {
  return new CliportError('CONFIG_INVALID', message, {
    stage: 'config',
    hint: 'Name a PEM certificate and its key, or leave both out for a self-signed one',
    cause,
  })
}

// Where this user's service is, and its token: what `cliport serve` leaves in its state folder.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { certificateFile, defaultStateFolder, tokenFileName, urlIn } from '../state-folder.js'
import { readToken } from '../token.js'
import { absentIn } from './absent.js'

/** Where a service is, and what it takes to speak to it. */
export interface ServiceAddress {
  /** http://HOST:PORT, or https:// */
  readonly url: string
  readonly token: string
  /** PEM of the certificate that the service has signed itself; absent: one that this machine trusts already. */
  readonly ca?: string
}

/**
 * @param given what is known already; `stateFolder` is where the rest is looked for
 * @throws CliportError SERVICE_ABSENT where no service has been started, TOKEN_INVALID
 */
export async function findService({
  url,
  token,
  ca,
  stateFolder = defaultStateFolder(),
}: Partial<ServiceAddress> & { readonly stateFolder?: string }): Promise<ServiceAddress> {
  const found = url ?? (await readUrl(stateFolder))
  const certificate = ca ?? (found.startsWith('https:') ? await readCertificate(stateFolder) : null)
  return {
    url: found.replace(/\/+$/, ''),
    token: token ?? (await readToken(join(stateFolder, tokenFileName))),
    ...(certificate === null ? {} : { ca: certificate }),
  }
}

async function readUrl(folder: string): Promise<string> {
  try {
    return await urlIn(folder)
  } catch (cause) {
    throw absentIn(folder, cause)
  }
}

function readCertificate(folder: string): Promise<string | null> {
  return readFile(join(folder, certificateFile), 'utf8').catch(() => null)
}

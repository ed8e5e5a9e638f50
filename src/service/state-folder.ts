// Where a service keeps what outlives it, and what its clients find there.

import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../runtime/config/schema.js'

/** Address of the service that uses the folder, while it runs. */
export const serviceFile = 'service.json'
export const tokenFileName = 'token'
export const goalsFile = 'goals.db'
/** Signed by the service itself, and its key. */
export const certificateFile = 'certificate.pem'
export const certificateKeyFile = 'certificate-key.pem'

/** systemd's, else this user's. */
export function defaultStateFolder(): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env
  return STATE_DIRECTORY?.split(':')[0] ?? join(XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'cliport')
}

/** The folder of the settings. */
export function stateFolderOf({ service }: Pick<Config, 'service'>): string {
  return service.state ?? defaultStateFolder()
}

/** Address of the service that uses a folder. @throws Error where none does */
export async function urlIn(folder: string): Promise<string> {
  return (JSON.parse(await readFile(join(folder, serviceFile), 'utf8')) as { url: string }).url
}

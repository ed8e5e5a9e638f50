// Nobody answers where a service should be.

import { resolve } from 'node:path'
import { CliportError } from '../../control/errors.js'
import { serviceFile } from '../state-folder.js'

const elsewhere =
  'One with another state folder: --state FOLDER, or CLIPORT_SERVICE_STATE=FOLDER. One of another user or machine: --url URL --token-file FILE'

export function absent(url: string, why: string, cause?: unknown): CliportError {
  return new CliportError('SERVICE_ABSENT', `No service answers at ${url}: ${why}`, {
    stage: 'start',
    hint: `Start it with cliport serve. ${elsewhere}`,
    cause,
  })
}

/** No service has left its address in the folder. */
export function absentIn(folder: string, cause: unknown): CliportError {
  const where = resolve(folder)
  return new CliportError('SERVICE_ABSENT', `No service of the state folder ${where} runs: it has no ${serviceFile}`, {
    stage: 'start',
    hint: `Start it with cliport serve. ${elsewhere}`,
    cause,
  })
}

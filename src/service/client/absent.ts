// Nobody answers where a service should be.

import { CliportError } from '../../control/errors.js'

export function absent(url: string, why: string, cause?: unknown): CliportError {
  return new CliportError('SERVICE_ABSENT', `No service answers at ${url}: ${why}`, {
    stage: 'start',
    hint: 'Start it with cliport serve, or give its address with --url',
    cause,
  })
}

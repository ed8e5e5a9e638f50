// Errors as answers: one object, the same as `--json` prints, and a status.

import type { FastifyError, FastifyReply } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { CliportError, type ErrorCode } from '../../control/errors.js'
import { problemOf } from '../wire.js'
import { ForeignRequest } from './guard.js'

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 400,
  GOAL_EMPTY: 400,
  GOAL_TOO_LONG: 400,
  INPUT_INVALID: 400,
  TASK_UNKNOWN: 400,
  USAGE: 400,
  TOKEN_INVALID: 401,
  GOAL_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
  COMMAND_EXPIRED: 409,
  CONSENT_REQUIRED: 409,
  SERVICE_REFUSED: 409,
  LINK_REFUSED: 409,
  QUEUE_FULL: 429,
  RATE_LIMITED: 429,
  UNEXPECTED: 500,
}

/** Of what is not the request's fault: cameras, arm, policy, disk. */
const outOfOrder = 503

export function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = asCliportError(thrown)
  const status = error instanceof ForeignRequest ? 403 : (statusOfCode[error.code] ?? outOfOrder)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.status(isOfFastify(thrown) ? thrown.statusCode! : status).send({ error: problemOf(error) })
}

/** What fastify says of a request that it does not take: too long, another content type, no JSON. */
function isOfFastify(error: unknown): error is FastifyError {
  const { statusCode } = error as FastifyError
  return !(error instanceof CliportError) && statusCode !== undefined && statusCode >= 400 && statusCode < 500
}

function asCliportError(error: unknown): CliportError {
  if (error instanceof CliportError) return error
  const { message } = error as Error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(
      ({ instancePath, message: what }) => `${instancePath.slice(1) || 'request'}: ${what}`,
    )
    return invalid(problems.join('; '), error)
  }
  if (isOfFastify(error)) return invalid(message, error)
  return new CliportError('UNEXPECTED', message, {
    stage: 'serve',
    hint: 'A fault of this program: report this message',
    cause: error,
  })
}

function invalid(message: string, cause: unknown): CliportError {
  return new CliportError('INPUT_INVALID', message, {
    stage: 'serve',
    hint: 'GET /api/openapi.json says what is expected',
    cause,
  })
}

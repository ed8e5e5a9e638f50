// What travels between the calling thread and the cell's worker.

import { CliportError, type ErrorCode, type Stage } from '../control/errors.js'
import type { Cell } from './api.js'

export type CellMethod = keyof Cell

export interface CellCall {
  readonly id: number
  readonly method: CellMethod
  readonly args: readonly unknown[]
}

export type CellAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PlainError }

/** An error in parts: its class does not survive the way between threads. */
export interface PlainError {
  readonly message: string
  readonly stack: string | undefined
  readonly typed?: {
    readonly code: ErrorCode
    readonly stage: Stage
    readonly hint: string
    readonly retryable: boolean
  }
}

export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined }
  const { message, stack } = error
  if (!(error instanceof CliportError)) return { message, stack }
  const { code, stage, hint, retryable } = error
  return { message, stack, typed: { code, stage, hint, retryable } }
}

/** An error that had no code becomes CELL_FAILED: nobody expected it. */
export function fromPlain({ message, stack, typed }: PlainError): CliportError {
  const { code, stage, hint, retryable } = typed ?? {
    code: 'CELL_FAILED',
    stage: 'execute',
    hint: 'Reset the cell; if it happens again with the same seed, report the seed.',
    retryable: false,
  }
  const error = new CliportError(code, message, { stage, hint, retryable })
  if (stack) error.stack = stack
  return error
}

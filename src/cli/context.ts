// What every verb shares: settings with their flags, errors as one object, exit codes, Ctrl-C.

import { type Command, InvalidArgumentError } from 'commander'
import pino, { type Logger } from 'pino'
import { CliportError, exitCodeOf } from '../control/errors.js'
import { loadConfig } from '../runtime/config/load.js'
import type { Config } from '../runtime/config/schema.js'

export interface CommonOptions {
  readonly config?: string
  readonly json?: boolean
}

/** `--config` and `--json`, which every verb has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings (YAML, see config/default.yaml); also CLIPORT_CONFIG')
    .option('--json', 'one JSON object as the last line of stdout; everything else goes to stderr')
}

/** @param flags 'section.key' -> value of the flags that stand for settings */
export function configFor(options: CommonOptions, flags: Readonly<Record<string, unknown>> = {}): Promise<Config> {
  const { CLIPORT_CONFIG } = process.env
  return loadConfig({ file: options.config ?? CLIPORT_CONFIG, environment: process.env, flags })
}

/** Logs go to stderr as JSON lines, or as they are wanted by whoever collects them. */
export function createLog(config: Config): Logger {
  return pino({ level: config.log.level }, pino.destination({ dest: 2, sync: true }))
}

export interface Verb {
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal
  /** A line for people: on stderr, so that stdout stays one object with --json. */
  readonly tell: (line: string) => void
}

/** @returns the exit code, and what is printed: an object with --json, else lines */
export type VerbResult = { readonly exitCode: number; readonly json: object; readonly lines: readonly string[] }

/** Runs a verb to its exit code. An error that ends it is one line and a hint, or `{"error":{...}}` with --json. */
export async function runVerb(options: CommonOptions, work: (verb: Verb) => Promise<VerbResult>): Promise<void> {
  const abort = new AbortController()
  const onSignal = () => {
    if (abort.signal.aborted) endAtOnce()
    process.stderr.write('stopping (again to end at once)\n')
    abort.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A reader that has enough (head) is no error.
  process.stdout.on('error', () => {})
  const isQuiet = options.json === true && !process.stderr.isTTY
  const tell = (line: string) => {
    if (!isQuiet) process.stderr.write(`${line}\n`)
  }
  try {
    const { exitCode, json, lines } = await work({ signal: abort.signal, tell })
    process.stdout.write(
      options.json === true ? `${JSON.stringify(json)}\n` : lines.map((line) => `${line}\n`).join(''),
    )
    process.exitCode = exitCode
  } catch (error) {
    if (abort.signal.aborted) {
      if (options.json === true) process.stdout.write('{"outcome":"stopped"}\n')
      process.exitCode = 130
      return
    }
    printError(error, options.json === true)
    process.exitCode = exitCodeOf(error)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/**
 * As if Ctrl-C had never been caught, which a shell reports as 130. process.exit() would first stop the worker threads
 * and wait for them: one inside ONNX Runtime then aborts the process, one inside a long native call holds it up. The
 * controller hears no more heartbeats and stops the arm.
 */
function endAtOnce(): void {
  process.removeAllListeners('SIGINT')
  process.kill(process.pid, 'SIGINT')
}

function printError(error: unknown, asJson: boolean): void {
  const { message } = error as Error
  const known = error instanceof CliportError
  if (asJson) {
    const { code, stage, hint } = known
      ? error
      : { code: 'UNEXPECTED', stage: 'start', hint: 'Report this with the log' }
    process.stdout.write(`${JSON.stringify({ outcome: 'error', error: { code, stage, message, hint } })}\n`)
  }
  process.stderr.write(known ? `error ${error.code}: ${message}\n  ${error.hint}\n` : `${(error as Error).stack}\n`)
}

/** Parses a whole number in a range. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number ${min}..${max} but received '${text}'.`)
    }
    return value
  }
}

/** Parses a number in a range. */
export function realNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`Expected a number ${min}..${max} but received '${text}'.`)
    }
    return value
  }
}

// What every verb shares: settings with their flags, errors as one object, exit codes, an orderly end.

import { type Command, InvalidArgumentError } from 'commander'
import { CliportError, exitCodeOf } from '../control/errors.js'
import { type ConfigSources, loadConfig } from '../runtime/config/load.js'
import type { Config } from '../runtime/config/schema.js'
import { asCliportError, jsonOf, linesOf } from './failure.js'
import type { Interrupt } from './interrupts.js'
import { currentInvocation, type Invocation } from './invocation.js'

export interface CommonOptions {
  readonly config?: string
  readonly json?: boolean
}

/** `--config` and `--json`, which every verb has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings, YAML as in config/default.yaml (default: CLIPORT_CONFIG)')
    .option('--json', 'one JSON object as the last line of stdout; everything else goes to stderr')
}

/** @param flags 'section.key' -> value of the flags that stand for settings */
export function configFor(options: CommonOptions, flags: Readonly<Record<string, unknown>> = {}): Promise<Config> {
  return loadConfig(sourcesFor(options, flags))
}

/** Where the settings of an invocation come from. */
export function sourcesFor(options: CommonOptions, flags: Readonly<Record<string, unknown>> = {}): ConfigSources {
  return { file: options.config ?? process.env.CLIPORT_CONFIG, environment: process.env, flags }
}

/** The settings that `--policy` stands for: a server's address, or a package's folder. */
export function policyFlags(policy: string | undefined): Readonly<Record<string, unknown>> {
  return { [policy?.startsWith('tcp://') ? 'policy.server' : 'policy.package']: policy }
}

export interface Verb {
  /** Aborted by the first signal, by an error that nobody caught, and in a streaming verb by a reader that has gone. */
  readonly signal: AbortSignal
  /** A line for people: on stderr, so that stdout stays one object with --json. */
  readonly tell: (line: string) => void
  /** A line of the verb's own output, for verbs that print as they go. */
  readonly print: (line: string) => void
}

/** @returns the exit code, and what is printed: an object with --json, else lines */
export type VerbResult = { readonly exitCode: number; readonly json: object; readonly lines: readonly string[] }

export interface VerbKind {
  /** Prints or records until it is stopped: it ends, with exit code 0, when nobody reads its output any more. */
  readonly isStream?: boolean
}

/** What a verb may take to end in order after an error that nobody caught. */
const orderlyEndMs = 10_000

/** Runs a verb to its exit code. An error that ends it is one line and a hint, and `{"error":{...}}` with --json. */
export async function runVerb(
  options: CommonOptions,
  work: (verb: Verb) => Promise<VerbResult>,
  { isStream = false }: VerbKind = {},
): Promise<void> {
  const invocation = currentInvocation()
  const { stdout, stderr, interrupts } = invocation
  const asJson = invocation.asJson || options.json === true
  const ending = new Ending(invocation)
  const unlisten = interrupts.listen((interrupt) => ending.on(interrupt))
  const unfollow = isStream ? stdout.onReaderGone(() => ending.onReaderGone()) : () => {}
  const isQuiet = asJson && !stderr.isTerminal
  const tell = (line: string) => {
    if (!isQuiet) stderr.write(`${line}\n`)
  }
  const print = (line: string) => stdout.write(`${line}\n`)
  try {
    const { exitCode, json, lines } = await work({ signal: ending.signal, tell, print })
    if (ending.uncaught !== null) throw ending.uncaught
    stdout.write(asJson ? `${JSON.stringify(json)}\n` : lines.map((line) => `${line}\n`).join(''))
    invocation.exitCode = exitCode
  } catch (error) {
    if (ending.uncaught !== null) reportFailure(invocation, ending.uncaught, asJson)
    else if (!ending.signal.aborted) reportFailure(invocation, asCliportError(error), asJson)
    else {
      if (asJson) stdout.write('{"outcome":"stopped"}\n')
      invocation.exitCode = ending.isReaderGone ? 0 : 130
    }
  } finally {
    await expectWritten(invocation)
    unlisten()
    unfollow()
    ending.done()
  }
}

/** Why a verb ends before its work is done. The first reason counts. */
class Ending {
  readonly #abort = new AbortController()
  readonly #invocation: Invocation
  #uncaught: CliportError | null = null
  #isReaderGone = false
  #timer: NodeJS.Timeout | undefined

  constructor(invocation: Invocation) {
    this.#invocation = invocation
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get uncaught(): CliportError | null {
    return this.#uncaught
  }

  get isReaderGone(): boolean {
    return this.#isReaderGone
  }

  on(interrupt: Interrupt): void {
    if (interrupt.kind === 'uncaught') this.#onUncaught(interrupt.error)
    else if (this.signal.aborted) {
      // A closed terminal sends SIGHUP twice: from the system and from the shell.
      if (interrupt.name !== 'SIGHUP') this.#invocation.interrupts.endAtOnce()
    } else {
      this.#invocation.stderr.write('stopping (again to end at once)\n')
      this.#abort.abort()
    }
  }

  onReaderGone(): void {
    if (this.signal.aborted) return
    this.#isReaderGone = true
    this.#abort.abort()
  }

  done(): void {
    clearTimeout(this.#timer)
  }

  /** The state of the program is unknown: the arm is stopped and files are closed, and nothing else is begun. */
  #onUncaught(error: unknown): void {
    if (this.#uncaught !== null) return
    this.#uncaught = asCliportError(error)
    this.#invocation.stderr.write(`${this.#uncaught.message}: stopping\n`)
    this.#timer = setTimeout(() => this.#invocation.interrupts.endAtOnce(), orderlyEndMs)
    this.#abort.abort(this.#uncaught)
  }
}

/** One line and a hint on stderr, and one object on stdout with --json. */
export function reportFailure(invocation: Invocation, error: CliportError, asJson = invocation.asJson): void {
  if (asJson) invocation.stdout.write(jsonOf(error))
  invocation.stderr.write(linesOf(error))
  invocation.exitCode = exitCodeOf(error)
}

/** Output that did not arrive is a failure of the verb, but for a reader that has read enough. Said once, however often it is asked. */
export async function expectWritten(invocation: Invocation): Promise<void> {
  await invocation.stdout.flush()
  const failure = invocation.stdout.takeFailure()
  if (failure === null) return
  const full = failure.code === 'ENOSPC' || failure.code === 'EDQUOT'
  const error = new CliportError(
    full ? 'DISK_FULL' : 'UNEXPECTED',
    `Could not write to standard output: ${failure.message}`,
    { stage: 'record', hint: 'Send the output to another file or disk, and run it again', cause: failure },
  )
  invocation.stderr.write(linesOf(error))
  await invocation.stderr.flush()
  if (invocation.exitCode === 0) invocation.exitCode = 1
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

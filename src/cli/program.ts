// The program: every verb, and one way from words to an exit code.

import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, type Option } from 'commander'
import { projectPath } from '../native/paths.js'
import { expectWritten, reportFailure } from './context.js'
import { asCliportError } from './failure.js'
import { type Invocation, setInvocation } from './invocation.js'

/** What each exit code means, for the help text and docs/commands.md. */
export const exitCodes: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'achieved, or done'],
  [1, 'tried and not achieved, or failed'],
  [2, 'wrong use, settings or policy package'],
  [3, 'hardware or service absent at start'],
  [130, 'stopped by a signal'],
]

type AddVerb = (program: Command) => void

/** In the order of the help text. A verb is loaded when it is asked for: all of them take half a second. */
const verbs: readonly (readonly [name: string, load: () => Promise<AddVerb>])[] = [
  ['run', async () => (await import('./run.js')).addRun],
  ['serve', async () => (await import('./serve.js')).addServe],
  ['goal', async () => (await import('./goal.js')).addGoalCommand],
  ['status', async () => (await import('./service.js')).addStatus],
  ...['arm', 'disarm', 'stop', 'clear', 'release', 'pause', 'resume'].map(
    (name) => [name, async () => (await import('./service.js')).addAct(name)] as const,
  ),
  ['replay', async () => (await import('./replay.js')).addReplay],
  ['predict', async () => (await import('./predict.js')).addPredict],
  ['heightmap', async () => (await import('./heightmap.js')).addHeightmap],
  ['record', async () => (await import('./record.js')).addRecord],
  ['eval', async () => (await import('./eval.js')).addEval],
  ['results', async () => (await import('./results.js')).addResults],
  ['train', async () => (await import('./train.js')).addTrain],
  ['export', async () => (await import('./train.js')).addExport],
  ['convert', async () => (await import('./convert.js')).addConvert],
  ['policy', async () => (await import('./policy.js')).addPolicy],
  ['camera', async () => (await import('./camera.js')).addCameraCommand],
  ['bench', async () => (await import('./bench.js')).addBench],
  ['voice', async () => (await import('./voice.js')).addVoice],
  ['link', async () => (await import('./link.js')).addLink],
  ['config', async () => (await import('./config.js')).addConfig],
  ['doctor', async () => (await import('./doctor.js')).addDoctor],
  [
    'completion',
    async () => {
      const { addCompletion } = await import('./completion.js')
      return (program) => addCompletion(program, () => createProgram({ help: () => {}, mistake: () => {} }))
    },
  ],
]

/**
 * Commander's program.
 * @param write where its own texts go: help, version, mistakes in the words
 * @param verb the only verb that it gets; absent, or none of ours: it gets every verb
 */
export async function createProgram(
  write: { readonly help: (text: string) => void; readonly mistake: (text: string) => void },
  verb?: string,
): Promise<Command> {
  const { version } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as { version: string }
  const program = new Command('cliport')
    .description('A sentence becomes closed-loop pick and place on a Franka arm, or on a simulated cell.')
    .version(version)
    .showHelpAfterError('(try --help)')
    .exitOverride()
    .configureOutput({ writeOut: write.help, writeErr: write.mistake })
    .addHelpText('after', `\nExit codes:\n${exitCodes.map(([code, meaning]) => `  ${code}  ${meaning}\n`).join('')}`)
  const asked = verbs.filter(([name]) => name === verb)
  for (const [, load] of asked.length > 0 ? asked : verbs) (await load())(program)
  expectValues(program)
  return program
}

/** Runs one invocation to its end. Never throws. @returns the exit code: 0, 1, 2, 3 or 130 */
export async function runCommandLine(invocation: Invocation): Promise<number> {
  setInvocation(invocation)
  const { stdout, stderr, args, asJson } = invocation
  let help = ''
  let mistake = ''
  const write = {
    help: (text: string) => {
      if (asJson) help += text
      else stdout.write(text)
    },
    mistake: (text: string) => {
      mistake += text
      stderr.write(text)
    },
  }
  const program = await createProgram(
    write,
    args.find((arg) => !arg.startsWith('-')),
  )
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) reportFailure(invocation, asCliportError(error))
    else if (error.exitCode === 0) {
      if (asJson) stdout.write(`${JSON.stringify({ text: help.trim() })}\n`)
    } else {
      invocation.exitCode = 2
      // Commander has told it on stderr already.
      if (asJson) reportUsage(invocation, error.code === 'commander.help' ? 'Expected a verb' : mistake)
    }
  }
  await expectWritten(invocation)
  return invocation.exitCode
}

function reportUsage({ stdout }: Invocation, text: string): void {
  const [first = ''] = text.split('\n')
  const error = { code: 'USAGE', stage: 'start', message: first.replace(/^error: /, ''), hint: 'See cliport --help' }
  stdout.write(`${JSON.stringify({ outcome: 'error', error })}\n`)
}

/** `--out --json` lacks a folder; nobody means one that is called '--json'. */
function expectValues(command: Command): void {
  const flags = command.options.flatMap(({ short, long }) => [short, long])
  for (const option of command.options) {
    if (option.required) option.argParser(parserOf(option, [...flags, '-h', '--help', '--']))
  }
  for (const child of command.commands) expectValues(child)
}

type Parse = (value: string, previous: unknown) => unknown

function parserOf(option: Option, flags: readonly (string | undefined)[]): Parse {
  const parse = option.parseArg as Parse | undefined
  return (value, previous) => {
    if (flags.includes(value)) throw new InvalidArgumentError(`Expected a value but received the option ${value}.`)
    if (parse !== undefined) return parse(value, previous)
    if (!option.variadic) return value
    return Array.isArray(previous) && previous !== option.defaultValue ? [...previous, value] : [value]
  }
}

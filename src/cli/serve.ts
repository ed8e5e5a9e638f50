// cliport serve

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import pc from 'picocolors'
import { shellCommand } from '../control/shell-quote.js'
import { readConfig } from '../runtime/config/load.js'
import { defaultTask } from '../runtime/run.js'
import { jsonLog } from '../service/log.js'
import { type Listening, serveSettings } from '../service/serve.js'
import type { Service } from '../service/service.js'
import { stateFolderOf } from '../service/state-folder.js'
import type { CellFaults } from '../sim/api.js'
import { type CommonOptions, runVerb, sourcesFor, wholeNumber, withCommonOptions } from './context.js'
import { addFault, faultHelp } from './faults.js'
import { currentInvocation } from './invocation.js'

interface ServeOptions extends CommonOptions {
  readonly host?: string
  readonly port?: number
  readonly state?: string
  readonly task: string
  readonly seed: number
  readonly scene: string
  readonly fault?: CellFaults
  readonly policy?: string
  readonly robot?: string
  readonly out?: string
  readonly log?: 'json' | 'text'
}

export function addServe(program: Command): void {
  withCommonOptions(
    program
      .command('serve')
      .description('wait for goals: a queue, a page and an API; disarmed until a person arms (cliport arm)'),
  )
    .option('--host <address>', 'address to listen on (default: service.host of the settings)')
    .option(
      '--port <n>',
      'port to listen on, 0: any free one (default: service.port of the settings)',
      wholeNumber(0, 65535),
    )
    .option('--state <folder>', 'folder of queue, token and certificate (default: service.state of the settings)')
    .option('--task <name>', 'task that the simulated scene belongs to', defaultTask)
    .option('--seed <n>', 'seed of the simulated scene', wholeNumber(0), 3)
    .option('--scene <sentence>', 'what the simulated scene must make sense of', 'put the red blocks in a green bowl')
    .option('--fault <key=value>', `fault of the simulated cell, repeatable: ${faultHelp}`, addFault)
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .option('--robot <address>', 'controller (default: robot.link of the settings, else the simulated cell)')
    .option('--out <folder>', 'folder in which each run makes its own folder (default: run.out of the settings)')
    .option(
      '--log <format>',
      'json: an object a line, for journald; text: for people (default: text on a terminal)',
      logFormat,
    )
    .action(runServe)
}

function logFormat(text: string): 'json' | 'text' {
  if (text === 'json' || text === 'text') return text
  throw new InvalidArgumentError(`Expected json or text but received '${text}'.`)
}

async function runServe(options: ServeOptions): Promise<void> {
  const { asJson, stdout, stderr } = currentInvocation()
  await runVerb(options, async ({ signal, tell }) => {
    const sources = sourcesFor(options, {
      'service.host': options.host,
      'service.port': options.port,
      'service.state': options.state,
      'policy.package': options.policy,
      'robot.link': options.robot,
      'run.out': options.out,
    })
    const ready = async (listening: Listening, service: Service | null, problems: readonly string[]) => {
      const { url, folder, tokenFile } = listening
      const session = service?.runner.session
      const mode = session?.mode ?? 'safe_mode'
      if (asJson || options.json === true) {
        const line = {
          event: 'ready',
          url,
          token_file: tokenFile,
          state_folder: folder,
          mode,
          ...(problems.length === 0 ? {} : { problems }),
        }
        stdout.write(`${JSON.stringify(line)}\n`)
        return
      }
      const token = (await readFile(tokenFile, 'utf8')).trim()
      tell(`page     ${url}/#token=${token}`)
      tell(`token    ${tokenFile}`)
      // Without these words the other verbs look in the folder of their own settings.
      if (folder !== (await folderOfVerbs())) tell(`verbs    cliport status ${shellCommand('--state', folder)}`)
      tell(`state    ${mode}${session?.reason ? `: ${session.reason}` : ''}`)
      for (const problem of problems) tell(`problem  ${problem}`)
    }
    const { task, seed, scene: sentence, fault: faults } = options
    const failed = new AbortController()
    const isJsonLog = (options.log ?? (stderr.isTerminal ? 'text' : 'json')) === 'json'
    const serving = await serveSettings({
      sources,
      signal,
      ...(isJsonLog ? { log: jsonLog((line) => stderr.write(line)) } : {}),
      scene: { task, seed, sentence, ...(faults === undefined ? {} : { faults }) },
      tell: (line) => tell(pc.dim(line)),
      onServing: (fixed) => void ready(fixed, fixed.service, []),
      onFailed: (error) => failed.abort(error),
    })
    try {
      await ready(serving, serving.service, serving.problems)
      const end = AbortSignal.any([signal, failed.signal])
      await new Promise<void>((resolve) => {
        if (end.aborted) resolve()
        end.addEventListener('abort', () => resolve(), { once: true })
      })
      failed.signal.throwIfAborted()
    } finally {
      await serving.close()
    }
    return { exitCode: 0, json: { event: 'ended' }, lines: [] }
  })
}

/** Where a verb without options looks for a service. */
async function folderOfVerbs(): Promise<string | null> {
  const { config } = await readConfig(sourcesFor({}))
  return config === null ? null : resolve(stateFolderOf(config))
}

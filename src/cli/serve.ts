// cliport serve

import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import pc from 'picocolors'
import { defaultTask } from '../runtime/run.js'
import { serve } from '../service/serve.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { currentInvocation } from './invocation.js'

interface ServeOptions extends CommonOptions {
  readonly host?: string
  readonly port?: number
  readonly state?: string
  readonly task: string
  readonly seed: number
  readonly scene: string
  readonly policy?: string
  readonly robot?: string
  readonly out?: string
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
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .option('--robot <address>', 'controller (default: robot.link of the settings, else the simulated cell)')
    .option('--out <folder>', 'folder in which each run makes its own folder (default: run.out of the settings)')
    .action(runServe)
}

async function runServe(options: ServeOptions): Promise<void> {
  const { asJson, stdout } = currentInvocation()
  await runVerb(options, async ({ signal, tell }) => {
    const config = await configFor(options, {
      'service.host': options.host,
      'service.port': options.port,
      'service.state': options.state,
      'policy.package': options.policy,
      'robot.link': options.robot,
      'run.out': options.out,
    })
    const { task, seed, scene: sentence } = options
    const serving = await serve({ config, scene: { task, seed, sentence }, tell: (line) => tell(pc.dim(line)) })
    const { url, tokenFile, service } = serving
    try {
      const { mode, reason } = service.runner.session
      if (asJson || options.json === true) {
        stdout.write(`${JSON.stringify({ event: 'ready', url, token_file: tokenFile, mode, epoch: service.epoch })}\n`)
      } else {
        const token = (await readFile(tokenFile, 'utf8')).trim()
        tell(`page     ${url}/#token=${token}`)
        tell(`token    ${tokenFile}`)
        tell(`state    ${mode}${reason === null ? '' : `: ${reason}`}`)
      }
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    } finally {
      await serving.close()
    }
    return { exitCode: 0, json: { event: 'ended' }, lines: [] }
  })
}

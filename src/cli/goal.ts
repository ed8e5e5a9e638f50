// cliport goal add | list | cancel | resume

import type { Command } from 'commander'
import pc from 'picocolors'
import type { Goal } from '../service/api.js'
import type { ServiceClient } from '../service/client/client.js'
import type { VerbResult } from './context.js'
import { type ServiceVerb, type ServiceVerbOptions, serviceVerb } from './service-verb.js'

interface AddOptions extends ServiceVerbOptions {
  readonly wait?: boolean
  readonly front?: boolean
  readonly key?: string
}

export function addGoalCommand(program: Command): void {
  const goal = program.command('goal').description('the queue of a service (cliport serve)')
  serviceVerb<AddOptions>(
    goal
      .command('add')
      .description('give the service a goal; it runs when its turn has come and a person has armed')
      .argument('<sentence>', 'for example "put the red blocks in a green bowl"'),
    (verb, sentence) => add(verb, sentence!),
  )
    .option('--wait', 'until it has ended; the exit code is then that of cliport run')
    .option('--front', 'before all others')
    .option(
      '--key <text>',
      'given twice, it means the same goal: for a program that does not know whether it was heard',
    )
  serviceVerb(goal.command('list').description('unfinished goals in their order, then the newest finished ones'), list)
  serviceVerb(
    goal
      .command('cancel')
      .description('take a goal out of the queue; one that runs ends before its next action')
      .argument('<id>', 'as cliport goal list shows it'),
    ({ client }, id) => changed(client.cancel(id!), 'ends before its next look'),
  )
  serviceVerb(
    goal
      .command('resume')
      .description('queue a goal again that is paused')
      .argument('<id>', 'as cliport goal list shows it'),
    ({ client }, id) => changed(client.resumeGoal(id!)),
  )
}

async function add({ client, options, signal, tell }: ServiceVerb<AddOptions>, sentence: string): Promise<VerbResult> {
  const { wait, front = false, key } = options
  const added = await client.add(sentence, { source: 'cli', front, ...(key === undefined ? {} : { key }) })
  if (!wait) {
    const reason = await waitsFor(client)
    return {
      exitCode: 0,
      json: { ...shortOf(added), ...(reason === null ? {} : { reason }) },
      lines: [lineOf(added, reason)],
    }
  }
  const goal = await client.ended(added.id, signal, (reason) => tell(pc.dim(`${added.id} waits: ${reason}`)))
  return { exitCode: exitCodeFor(goal), json: shortOf(goal), lines: [lineOf(goal, goal.reason)] }
}

async function list({ client }: ServiceVerb<ServiceVerbOptions>): Promise<VerbResult> {
  const { unfinished, finished } = await client.goals()
  const reason = await waitsFor(client)
  const lines = [...unfinished, ...finished].map((goal) => lineOf(goal, goal.reason))
  return {
    exitCode: 0,
    json: {
      goals: [...unfinished, ...finished].map((goal) => ({
        ...shortOf(goal),
        sentence: goal.sentence,
        starts: goal.starts,
        reason: goal.reason,
      })),
    },
    lines: [...(reason === null ? [] : [pc.dim(reason)]), ...(lines.length === 0 ? ['no goals'] : lines)],
  }
}

/** @param ifRunning what becomes of a goal that still runs */
async function changed(change: Promise<Goal>, ifRunning: string | null = null): Promise<VerbResult> {
  const goal = await change
  const reason = goal.reason ?? (goal.state === 'running' ? ifRunning : null)
  return { exitCode: 0, json: shortOf(goal), lines: [lineOf(goal, reason)] }
}

/** Why nothing begins; null: it does. */
async function waitsFor(client: ServiceClient): Promise<string | null> {
  return (await client.state()).session.reason
}

/** The stable JSON of a goal. */
function shortOf({ id, state, outcome, folder }: Goal) {
  return { id, state, ...(outcome === null ? {} : { outcome }), ...(folder === null ? {} : { folder }) }
}

function lineOf({ id, state, outcome, sentence }: Goal, reason: string | null): string {
  return `${id.padEnd(6)} ${(outcome ?? state).padEnd(10)} ${sentence}${reason === null ? '' : pc.dim(`  ${reason}`)}`
}

function exitCodeFor({ outcome }: Goal): number {
  if (outcome === 'achieved') return 0
  return outcome === 'stopped' ? 130 : 1
}

// cliport status | arm | disarm | stop | clear | release | pause | resume: one act on the service each.

import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import { bytesText } from '../io/disk-space.js'
import type { ServiceClient, ServiceSession } from '../service/client/client.js'
import type { VerbResult } from './context.js'
import { canAsk, isAnsweredYes, letGoQuestion, realArmQuestion } from './question.js'
import { type ServiceVerbOptions, serviceVerb } from './service-verb.js'

type Act = (client: ServiceClient, options: ActOptions, signal: AbortSignal) => Promise<ServiceSession>

interface ActOptions extends ServiceVerbOptions {
  readonly consentToMotion?: boolean
}

const acts: Readonly<Record<string, readonly [description: string, act: Act]>> = {
  arm: ['a person beside the arm lets queued goals begin', arm],
  disarm: ['no goal begins any more', (client) => client.disarm()],
  stop: ['stop the arm now; it stays stopped until a person clears', (client) => client.stop('cliport stop')],
  clear: ['a person has looked at the arm: end a stop or a fault; disarmed afterwards', (client) => client.clear()],
  release: ['open the end effector: what it holds falls; disarmed afterwards', release],
  pause: ['no next action; one that is under way is finished', (client) => client.pause()],
  resume: ['go on with everything that is paused', (client) => client.resume()],
}

/** Acts that a real arm needs a person's consent for, and to what. */
const consents: ReadonlyMap<Act, string> = new Map([
  [arm, 'a person at the real arm agrees to its motion'],
  [release, 'a person at the real arm has put a hand or a box under what it holds'],
])

/** @param name of one of the acts */
export function addAct(name: string): (program: Command) => void {
  const [description, act] = acts[name]!
  return (program) => {
    const command = program.command(name).description(description)
    const consent = consents.get(act)
    if (consent !== undefined) command.option('--consent-to-motion', `${consent}; without it the question is asked`)
    serviceVerb<ActOptions>(command, async ({ client, options, signal }) =>
      reportOf(await act(client, options, signal)),
    )
  }
}

function arm(client: ServiceClient, options: ActOptions, signal: AbortSignal): Promise<ServiceSession> {
  return withConsent((consent) => client.arm(consent), realArmQuestion, client, options, signal)
}

function release(client: ServiceClient, options: ActOptions, signal: AbortSignal): Promise<ServiceSession> {
  return withConsent((consent) => client.release(consent), letGoQuestion, client, options, signal)
}

/** Of a real arm the person at the terminal is asked first. @param question of the arm of a backend */
async function withConsent(
  act: (consent: { readonly consentToMotion: boolean }) => Promise<ServiceSession>,
  question: (backend: string) => string,
  client: ServiceClient,
  options: ActOptions,
  signal: AbortSignal,
): Promise<ServiceSession> {
  const { consentToMotion = false } = options
  try {
    return await act({ consentToMotion })
  } catch (error) {
    const isAsked =
      error instanceof CliportError && error.code === 'CONSENT_REQUIRED' && canAsk() && options.json !== true
    if (!isAsked) throw error
    const { backend } = await client.state()
    if (!(await isAnsweredYes(question(backend ?? 'real'), signal))) throw error
    return act({ consentToMotion: true })
  }
}

export function addStatus(program: Command): void {
  serviceVerb(program.command('status').description('what a service does and waits for'), async ({ client }) => {
    const { session, queue, cameras, robot, question, backend, policy, simulated, version, epoch, disks } =
      await client.state()
    const { mode, reason } = session
    const lines = [
      `mode     ${mode}${reason === null ? '' : `: ${reason}`}`,
      ...(session.problem === null
        ? []
        : [`problem  ${session.problem.code}: ${session.problem.message}`, `         ${session.problem.hint}`]),
      `arm      ${backend ?? 'none'}${robot === null ? '' : `, ${robot.mode}${robot.holding ? ', holds something' : ''}`}`,
      `policy   ${policy ?? 'none'}`,
      ...cameras.map(
        ({ name, age_ms, problem }) =>
          `camera   ${name}, ${problem ?? `frame of ${age_ms === null ? 'none' : `${(age_ms / 1000).toFixed(1)} s ago`}`}`,
      ),
      ...disks.map(
        ({ use, folder, free_bytes, full }) =>
          `disk     ${use} in ${folder}, ${bytesText(free_bytes)} free${full ? ': full' : ''}`,
      ),
      ...(question === null
        ? []
        : [`question ${question.reason} (${question.candidates.map(({ name }) => name).join(', ')})`]),
      ...queue.map(({ id, state, sentence }) => `goal     ${id} ${state} ${sentence}`),
    ]
    const json = { ...session, version, epoch, simulated, backend, policy, robot, cameras, disks, question, queue }
    return { exitCode: 0, json, lines }
  })
}

function reportOf(session: ServiceSession): VerbResult {
  const { mode, paused } = session
  const reason = session.reason ?? (paused && mode === 'running' ? 'pauses before its next look' : null)
  return { exitCode: 0, json: session, lines: [`${mode}${reason === null ? '' : `: ${reason}`}`] }
}

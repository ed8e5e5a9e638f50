// What the verbs of `cliport link` share: an address, a connection, and a person's yes before anything moves.

import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import type { Execution } from '../control/types.js'
import type { LinkClient } from '../io/link/client.js'
import type { Config } from '../runtime/config/schema.js'
import { connectLink, movesHardware } from '../runtime/robot.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'
import { type CommonOptions, configFor, runVerb, type VerbKind, type VerbResult, withCommonOptions } from './context.js'
import { canAsk, isAnsweredYes, realArmQuestion } from './question.js'

export interface LinkVerbOptions extends CommonOptions {
  readonly robot?: string
  readonly yes?: boolean
}

export interface LinkVerb<Options> {
  readonly client: LinkClient
  readonly config: Config
  readonly options: Options
  readonly signal: AbortSignal
  /** A line of the verb's own output. */
  readonly print: (line: string) => void
  /** Asks a person before a real arm moves. @throws CliportError CONSENT_REQUIRED */
  readonly consent: (backend: string) => Promise<void>
  /** Asks a person whatever the backend. @throws CliportError CONSENT_REQUIRED */
  readonly confirm: (question: string) => Promise<void>
}

/** Where cliport-controller listens unless told otherwise. */
const defaultAddress = 'tcp://127.0.0.1:5600'

/** Adds a verb that works on one controller; returns it for options of its own. */
export function linkVerb<Options extends LinkVerbOptions = LinkVerbOptions>(
  parent: Command,
  name: string,
  description: string,
  work: (verb: LinkVerb<Options>) => Promise<VerbResult>,
  kind: VerbKind = {},
): Command {
  return withCommonOptions(parent.command(name).description(description))
    .option(
      '--robot <address>',
      `address of the controller (default: robot.link of the settings, else ${defaultAddress})`,
    )
    .option('--yes', 'answer yes to every question: a person at the arm has checked it and wants the motion')
    .action((options: Options) =>
      runVerb(
        options,
        async ({ signal, print }) => {
          raiseThreadPriority()
          const config = await configFor(options, { 'robot.link': options.robot })
          const client = await connectLink(controllerOf(config), config, undefined, signal)
          try {
            const confirm = (question: string) => confirmed(question, options.yes === true, signal)
            const consent = async (backend: string) => {
              if (!movesHardware(backend) || config.robot.consent_to_motion) return
              await confirm(realArmQuestion(backend))
            }
            return await work({ client, config, options, signal, print, consent, confirm })
          } finally {
            await client.close()
          }
        },
        kind,
      ),
    )
}

/** @throws CliportError USAGE for a deoxys controller, which has no such verbs */
function controllerOf({ robot }: Config): string {
  const address = robot.link ?? defaultAddress
  if (address.startsWith('tcp://')) return address
  throw new CliportError('USAGE', `Expected the address of a cliport-controller but received '${address}'`, {
    stage: 'start',
    hint: 'Give one with --robot tcp://HOST:PORT; for a deoxys controller there is cliport run only',
  })
}

/** @throws CliportError CONSENT_REQUIRED when the answer is no, or nobody can be asked */
async function confirmed(question: string, isGiven: boolean, signal: AbortSignal): Promise<void> {
  if (isGiven) return
  const isAsked = canAsk()
  if (isAsked && (await isAnsweredYes(question, signal))) return
  throw new CliportError(
    'CONSENT_REQUIRED',
    isAsked ? 'The answer was not yes' : `There is no terminal for the question: ${question}`,
    {
      stage: 'start',
      hint: 'Inspect the arm, then run it again beside it; --yes confirms that you did',
    },
  )
}

/** @throws the execution's error unless it was done */
export function reportExecution(client: LinkClient, { status, error }: Execution): VerbResult {
  if (error) throw error
  const [x, y, z] = client.state?.p_base_tool_m ?? []
  const json = { status, p_base_tool_m: [x, y, z], yaw_rad: client.state?.yawRad, q_rad: client.state?.qRad }
  return { exitCode: 0, json, lines: [`${status}; the tool is at ${[x, y, z].map((m) => m?.toFixed(3)).join(', ')} m`] }
}

// What the verbs share that speak to a service.

import { type Command, InvalidArgumentError } from 'commander'
import { ServiceClient } from '../service/client/client.js'
import { stateFolderOf } from '../service/state-folder.js'
import { readToken } from '../service/token.js'
import { type CommonOptions, configFor, runVerb, type VerbResult, withCommonOptions } from './context.js'

export interface ServiceVerbOptions extends CommonOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly state?: string
}

export interface ServiceVerb<Options> {
  readonly client: ServiceClient
  readonly options: Options
  readonly signal: AbortSignal
  /** A line for people, on stderr. */
  readonly tell: (line: string) => void
}

/** As `cliport serve` has it. */
export const stateHelp = 'state folder of the service (default: service.state of the settings)'

/** Adds the options that say which service; `command` has its name and arguments already. */
export function serviceVerb<Options extends ServiceVerbOptions = ServiceVerbOptions>(
  command: Command,
  work: (verb: ServiceVerb<Options>, ...args: readonly string[]) => Promise<VerbResult>,
): Command {
  return withCommonOptions(command)
    .option(
      '--url <address>',
      'address of the service (default: the one that this user runs on this machine)',
      serviceAddress,
    )
    .option('--token-file <file>', 'file with its token (default: that of the same service)')
    .option('--state <folder>', stateHelp)
    .action((...given: readonly unknown[]) => {
      // Commander hands over arguments, options, command.
      const options = given.at(-2) as Options
      const args = given.slice(0, -2) as string[]
      return runVerb(options, async ({ signal, tell }) => {
        const config = await configFor(options, { 'service.state': options.state })
        const client = await ServiceClient.connect({
          stateFolder: stateFolderOf(config),
          ...(options.url === undefined ? {} : { url: options.url }),
          ...(options.tokenFile === undefined ? {} : { token: await readToken(options.tokenFile) }),
        })
        return work({ client, options, signal, tell }, ...args)
      })
    })
}

function serviceAddress(text: string): string {
  if (/^https?:/.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError(`Expected http://HOST:PORT or https://HOST:PORT but received '${text}'.`)
}

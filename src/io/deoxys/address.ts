// deoxys://HOST[:PORT]: where a deoxys controller is, and the four ports that deoxys fixes relative to the first.

import { CliportError } from '../../control/errors.js'

export const deoxysScheme = 'deoxys://'

/** The controller's defaults: 5555 to 5558. */
const defaultPort = 5555

export interface DeoxysAddress {
  /** The control computer ("NUC"), which publishes the states. */
  readonly host: string
  /** Commands of the arm: bound by this process, the controller connects to it. */
  readonly armCommandPort: number
  readonly armStatePort: number
  /** Commands of the gripper: bound by this process. */
  readonly gripperCommandPort: number
  readonly gripperStatePort: number
}

/** @throws CliportError CONFIG_INVALID when it is no such address */
export function parseDeoxysAddress(address: string): DeoxysAddress {
  const match = /^deoxys:\/\/([A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(address)
  const port = Number(match?.[2] ?? defaultPort)
  if (!match || port < 1 || port > 65532) {
    throw new CliportError('CONFIG_INVALID', `Expected an address like deoxys://172.16.0.1 but received '${address}'`, {
      stage: 'config',
      hint: 'deoxys://HOST of the control computer, with :PORT when its arm command port is not 5555 (three more follow it)',
    })
  }
  return {
    host: match[1]!,
    armCommandPort: port,
    armStatePort: port + 1,
    gripperCommandPort: port + 2,
    gripperStatePort: port + 3,
  }
}

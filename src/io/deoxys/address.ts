// deoxys://HOST[:PORT]: where a deoxys controller is, and the four ports that deoxys fixes relative to the first.

import { CliportError } from '../../control/errors.js'
import { problemOfAddress } from '../link/address.js'

const deoxysScheme = 'deoxys://'

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
  const problem = address.startsWith(deoxysScheme) ? problemOfAddress(address) : 'another scheme'
  if (problem !== null) {
    const message = `Expected an address like deoxys://172.16.0.1 but received '${address}': ${problem}`
    throw new CliportError('CONFIG_INVALID', message, {
      stage: 'config',
      hint: 'deoxys://HOST of the control computer, with :PORT when its arm command port is not 5555 (three more follow it)',
    })
  }
  const [host, portText] = address.slice(deoxysScheme.length).split(':') as [string, string?]
  const port = Number(portText ?? defaultPort)
  return {
    host,
    armCommandPort: port,
    armStatePort: port + 1,
    gripperCommandPort: port + 2,
    gripperStatePort: port + 3,
  }
}

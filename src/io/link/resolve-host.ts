// Whether the name of a controller's host leads to an address. ZeroMQ waits for a name that does not, without a word.

import { lookup } from 'node:dns/promises'
import { CliportError } from '../../control/errors.js'

/**
 * @param address a robot's address that `problemOfAddress` accepts
 * @throws CliportError LINK_ABSENT, naming the host, when no address is known for its name
 */
export async function expectHost(address: string): Promise<void> {
  const host = address.replace(/^[a-z]+:\/\//, '').replace(/:\d+$/, '')
  await lookup(host, { family: 4 }).catch((cause: NodeJS.ErrnoException) => {
    throw new CliportError(
      'LINK_ABSENT',
      `No IPv4 address is known for the host '${host}' of ${address} (${cause.code})`,
      {
        stage: 'start',
        hint: "Check the name's spelling and this machine's DNS or /etc/hosts, or give the controller's IPv4 address",
        retryable: true,
        cause,
      },
    )
  })
}

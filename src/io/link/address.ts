// Addresses of a robot: tcp://HOST:PORT of a controller, deoxys://HOST[:PORT] of a deoxys controller. Syntax only: what
// cannot be an address is refused before anything is looked up or connected.

const greatestPort = 65_535
/** deoxys uses the three ports behind the first as well. */
const greatestDeoxysPort = greatestPort - 3

/** Why `text` is no address of a robot; null when it is one. */
export function problemOfAddress(text: string): string | null {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? []
  if (scheme === 'tcp') return problemOfHostAndPort(rest!, { isPortNeeded: true, greatest: greatestPort })
  if (scheme === 'deoxys') return problemOfHostAndPort(rest!, { isPortNeeded: false, greatest: greatestDeoxysPort })
  return 'Expected an address like tcp://10.0.0.2:5600, or deoxys://10.0.0.2 of an existing deoxys controller'
}

function problemOfHostAndPort(
  text: string,
  { isPortNeeded, greatest }: { readonly isPortNeeded: boolean; readonly greatest: number },
): string | null {
  if (text.startsWith('[') || text.split(':').length > 2) {
    return 'Expected an IPv4 address or a host name: IPv6 is not supported'
  }
  const colon = text.indexOf(':')
  const host = colon < 0 ? text : text.slice(0, colon)
  const problem = problemOfHost(host)
  if (problem !== null) return problem
  if (colon < 0) return isPortNeeded ? `Expected a port behind the host, like tcp://${host}:5600` : null
  const port = text.slice(colon + 1)
  const number = Number(port)
  if (/^\d+$/.test(port) && number >= 1 && number <= greatest) return null
  return `Expected a port 1..${greatest} but received '${port}'`
}

/** IPv4 addresses (RFC 791) and host names (RFC 1123). */
function problemOfHost(host: string): string | null {
  if (host === '') return 'Expected a host'
  if (/^[\d.]+$/.test(host)) {
    const parts = host.split('.')
    const isAddress =
      parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
    if (!isAddress) return `Expected an IPv4 address (four numbers 0..255) but received '${host}'`
    return host === '0.0.0.0' ? 'Expected the address of one host: 0.0.0.0 is for listening only' : null
  }
  const isName = host.length <= 253 && host.split('.').every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label))
  return isName ? null : `Expected a host name of letters, digits, '-' and '.' but received '${host}'`
}

import { expect, test } from 'vitest'
import { problemOfAddress } from '../../src/io/link/address.js'
import { mergeConfig } from '../../src/runtime/config/load.js'

test.each([
  ...['tcp://127.0.0.1:5600', 'tcp://localhost:1', 'tcp://robot-1.lab.example:65535', 'tcp://255.255.255.255:80'],
  ...['deoxys://172.16.0.1', 'deoxys://nuc:65532'],
])('%s is an address', (address) => {
  expect(problemOfAddress(address)).toBeNull()
})

test.each([
  ['tcp://127.0.0.1:99999', "port 1..65535 but received '99999'"],
  ['tcp://127.0.0.1:0', 'port'],
  ['tcp://127.0.0.1:-1', 'port'],
  ['tcp://127.0.0.1:', 'port'],
  ['tcp://127.0.0.1:5600x', 'port'],
  ['tcp://127.0.0.1', 'port behind the host'],
  ['tcp://10.0.0.1041:28332', "received '10.0.0.1041'"],
  ['tcp://10.0.0:5600', 'IPv4'],
  ['tcp://010.0.0.1:5600', 'IPv4'],
  ['tcp://0.0.0.0:5600', 'listening'],
  ['tcp://*:5600', 'host name'],
  ['tcp://:5600', 'Expected a host'],
  ['tcp://-robot:5600', 'host name'],
  ['tcp://a b:5600', 'host name'],
  ['tcp://[::1]:5600', 'IPv6'],
  ['tcp://::1:5600', 'IPv6'],
  ['deoxys://', 'Expected a host'],
  ['deoxys://172.16.0.1:65533', '1..65532'],
  ['deoxys://172.16.0.300', 'IPv4'],
  ['http://10.0.0.2:80', 'tcp://'],
  ['10.0.0.2:5601', 'tcp://'],
  ['', 'tcp://'],
])('%s is refused, with the reason: %s', (address, why) => {
  expect(problemOfAddress(address)).toContain(why)
})

test('a wrong address is refused with the other settings, before any network', () => {
  const read = () => mergeConfig(null, { CLIPORT_ROBOT_LINK: 'tcp://10.0.0.1041:28332' }, { 'run.max_steps': 0 })
  expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  expect(read).toThrow(/CLIPORT_ROBOT_LINK: robot.link: Expected an IPv4 address/)
  expect(read).toThrow(/2 problem/)
})

// Who gets through to a policy server that wants keys, and where one may listen without them.

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { curveKeyPair } from 'zeromq'
import { exitCodeOf } from '../../src/control/errors.js'
import { z85Of } from '../../src/io/policy-server/admission.js'
import { ServerPolicy } from '../../src/io/policy-server/client.js'
import { type ClientKeys, clientKeys, serverKeys } from '../../src/io/policy-server/keys.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { openPolicy } from '../../src/runtime/policy.js'
import { modesOf } from '../fixtures/file-modes.js'
import { startPolicyServer } from '../fixtures/policy-server.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-policy-keys-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** What connecting with some keys fails with. */
function failure(address: string, keys: ClientKeys | null): Promise<Error> {
  return ServerPolicy.connect({ address, keys, timeoutMs: 20_000 }).then(
    () => expect.unreachable(),
    (error) => error,
  )
}

test.each(['tcp://0.0.0.0:7001', 'tcp://*:7001', 'tcp://192.168.1.5:7001', 'tcp://eth0:7001'])(
  '%s can be reached from elsewhere: not without keys',
  async (bind) => {
    const error = await startPolicyServer({ bind }).catch((error) => error)
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(bind) })
    expect(exitCodeOf(error)).toBe(2)
  },
)

describe('a server with keys', () => {
  test('keeps its secrets to its user', async () => {
    await serverKeys(folder)
    expect(await modesOf(folder)).toEqual({
      'client.key': '600',
      'client.pub': '644',
      clients: '600',
      'server.key': '600',
      'server.pub': '644',
    })
  })

  test('lets the client of the same folder in, and nobody else', async () => {
    const server = await startPolicyServer({ keys: folder })
    expect(server.keys).toBe(true)
    const keys = await clientKeys(folder)
    const config = mergeConfig(null, {}, { 'policy.server': server.address, 'policy.keys': folder })
    const policy = await openPolicy(config, () => {})
    expect(policy.info.name).toBe('edge')
    await policy.close()

    const stranger = await failure(server.address, { ...keys, own: curveKeyPair() })
    expect(stranger).toMatchObject({ code: 'POLICY_AUTH_FAILED', message: expect.stringMatching(/client's key/) })
    expect(exitCodeOf(stranger)).toBe(3)
    const mistaken = await failure(server.address, { ...keys, serverPublic: curveKeyPair().publicKey })
    expect(mistaken).toMatchObject({ code: 'POLICY_AUTH_FAILED' })
    const open = await failure(server.address, null)
    expect(open).toMatchObject({ code: 'POLICY_AUTH_FAILED', hint: expect.stringMatching(/policy\.keys/) })
    await server.stop()
  })

  test('lets a client of another machine in once its public key is listed', async () => {
    const other = await mkdtemp(join(tmpdir(), 'cliport-policy-keys-'))
    await serverKeys(folder)
    await clientKeys(other)
    await writeFile(join(other, 'server.pub'), await readFile(join(folder, 'server.pub')))
    const added = (await readFile(join(other, 'client.pub'), 'utf8')).trim()
    await writeFile(
      join(folder, 'clients'),
      `${await readFile(join(folder, 'clients'), 'utf8')}${added} the notebook\n`,
    )
    const server = await startPolicyServer({ keys: folder })
    const keys = await clientKeys(other)
    const policy = await ServerPolicy.connect({ address: server.address, keys, timeoutMs: 20_000 })
    expect(policy.info.name).toBe('edge')
    await policy.close()
    await server.stop()
    await rm(other, { recursive: true })
  })

  test('a client with keys at a server without them: POLICY_AUTH_FAILED', async () => {
    const server = await startPolicyServer()
    expect(await failure(server.address, await clientKeys(folder))).toMatchObject({ code: 'POLICY_AUTH_FAILED' })
    await server.stop()
  })
})

describe('files that are no keys are named', () => {
  test.each(['server.key', 'clients'])('%s', async (name) => {
    await serverKeys(folder)
    await writeFile(join(folder, name), 'nonsense\n')
    await expect(serverKeys(folder)).rejects.toMatchObject({
      code: 'POLICY_KEYS_INVALID',
      message: expect.stringContaining(join(folder, name)),
    })
  })

  test('a secret that others can read', async () => {
    await serverKeys(folder)
    await chmod(join(folder, 'server.key'), 0o644)
    await expect(serverKeys(folder)).rejects.toMatchObject({ message: expect.stringMatching(/open to other users/) })
  })
})

test('Z85 text is that of ZeroMQ RFC 32', () => {
  expect(z85Of(new Uint8Array([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]))).toBe('HelloWorld')
})

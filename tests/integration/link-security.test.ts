// Who gets through to a real controller process, and what everybody else is told.

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { curveKeyPair, Router } from 'zeromq'
import { exitCodeOf } from '../../src/control/errors.js'
import { LinkClient } from '../../src/io/link/client.js'
import { type LinkKeys, linkKeys } from '../../src/io/link/keys.js'
import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { modesOf } from '../fixtures/file-modes.js'
import { type ControllerProcess, startController } from '../fixtures/link-peers.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-keys-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** What connecting to an address with some keys fails with. */
function failure(address: string, keys: LinkKeys): Promise<Error> {
  return LinkClient.connect(new ZmqTransport(address, keys), { connectTimeoutMs: 20_000 }).then(
    () => expect.unreachable(),
    (error) => error,
  )
}

describe('a controller that has just made its keys', () => {
  let controller: ControllerProcess
  beforeEach(async () => {
    controller = await startController('tcp://127.0.0.1:*', '--keys', folder)
  })
  afterEach(() => controller.kill())

  test('keeps its secrets to its user', async () => {
    expect(await modesOf(folder)).toEqual({
      'controller.key': '600',
      'controller.pub': '644',
      'runtime.key': '600',
      'runtime.pub': '644',
      runtimes: '600',
    })
  })

  test('lets the runtime of the same folder in', async () => {
    const link = await LinkClient.connect(new ZmqTransport(controller.address, linkKeys(folder)))
    expect(link.backend).toBe('sim')
    await link.close()
  })

  test('refuses a runtime that is not in its list, which learns why at once', async () => {
    const stranger = curveKeyPair()
    const keys = { ...linkKeys(folder), runtimePublic: stranger.publicKey, runtimeSecret: stranger.secretKey }
    const error = await failure(controller.address, keys)
    expect(error).toMatchObject({ code: 'LINK_AUTH_FAILED', reason: 'runtime_unknown' })
    expect(error.message).toContain("does not know this runtime's key")
    expect(exitCodeOf(error)).toBe(3)
  })

  test('is no use to a runtime that expects another controller', async () => {
    const keys = { ...linkKeys(folder), controllerPublic: curveKeyPair().publicKey }
    const error = await failure(controller.address, keys)
    expect(error).toMatchObject({ code: 'LINK_AUTH_FAILED', reason: 'controller_unknown' })
  })
})

test('a runtime of another machine gets in once its public key is in the list', async () => {
  const other = await mkdtemp(join(tmpdir(), 'cliport-keys-'))
  linkKeys(folder)
  linkKeys(other)
  await writeFile(join(other, 'controller.pub'), await readFile(join(folder, 'controller.pub')))
  const added = await readFile(join(other, 'runtime.pub'), 'utf8')
  await writeFile(join(folder, 'runtimes'), `${await readFile(join(folder, 'runtimes'), 'utf8')}${added}`)
  const controller = await startController('tcp://127.0.0.1:*', '--keys', folder)
  for (const keys of [linkKeys(folder), linkKeys(other)]) {
    await (await LinkClient.connect(new ZmqTransport(controller.address, keys))).close()
  }
  await controller.kill()
  await rm(other, { recursive: true })
})

test('a peer that speaks without encryption is not the controller', async () => {
  const plain = new Router()
  await plain.bind('tcp://127.0.0.1:*')
  const error = await failure(plain.lastEndpoint!, linkKeys(folder))
  expect(error).toMatchObject({ code: 'LINK_AUTH_FAILED', reason: 'controller_unknown' })
  plain.close()
})

test('a secret key that others can read is used by neither side', async () => {
  linkKeys(folder)
  for (const name of ['controller.key', 'runtime.key']) await chmod(join(folder, name), 0o644)
  await expect(startController('tcp://127.0.0.1:*', '--keys', folder)).rejects.toThrow(
    /controller\.key: is open to other/,
  )
  expect(() => linkKeys(folder)).toThrow(expect.objectContaining({ code: 'LINK_KEYS_INVALID' }))
})

test('beyond loopback a controller warns, and the keys are as good there', async () => {
  const controller = await startController('tcp://0.0.0.0:*', '--keys', folder)
  const address = controller.address.replace('0.0.0.0', '127.0.0.1')
  await (await LinkClient.connect(new ZmqTransport(address, linkKeys(folder)))).close()
  await controller.kill()
  expect(controller.complaints()).toContain('other machines can reach the link')
})

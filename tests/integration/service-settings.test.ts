// Settings that cannot be used start safe mode: the problems, an editor, nothing that moves; corrected, the service.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { ConfigSources } from '../../src/runtime/config/load.js'
import { serveSettings } from '../../src/service/serve.js'
import { sceneSentence, send, startService } from '../fixtures/service.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-settings-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'cell.yaml')
const scene = { task: 'put-block-in-bowl-seen-colors', seed: 3, sentence: sceneSentence }

test('bad settings start safe mode on loopback, and the corrected file starts the service', async () => {
  const sources: ConfigSources = {
    file,
    flags: { 'service.port': 0, 'service.state': join(folder, 'state'), 'service.host': '0.0.0.0' },
  }
  writeFileSync(file, 'version: 1\nlimits:\n  speed_mps: 0.3\nrun:\n  max_stepz: 3\n')
  const started = new Promise<{ url: string; token: string; close(): Promise<void> }>((resolve, reject) => {
    serveSettings({
      sources,
      scene,
      tell: () => {},
      onFailed: reject,
      onServing: ({ url, tokenFile, close }) => resolve({ url, token: readFileSync(tokenFile, 'utf8').trim(), close }),
    }).then(async ({ url, service, tokenFile }) => {
      expect(service).toBeNull()
      expect(url).toContain('http://127.0.0.1:')
      await tryEditor(url, readFileSync(tokenFile, 'utf8').trim())
    }, reject)
  })
  // The service that follows listens beyond loopback, as the flag says: over TLS.
  const { url, close } = await started
  expect(url).toMatch(/^https:/)
  expect(readFileSync(file, 'utf8')).toContain('max_steps: 3')
  await close()
})

async function tryEditor(url: string, token: string): Promise<void> {
  const authorization = `Bearer ${token}`
  const headers = { authorization, 'content-type': 'application/json' }
  const put = (text: string) => send(url, 'PUT', '/api/settings/text', headers, JSON.stringify({ text }))
  expect((await send(url, 'GET', '/api/state', {})).status).toBe(401)
  const { body } = await send(url, 'GET', '/api/state', { authorization })
  expect(body).toMatchObject({ session: { mode: 'safe_mode', armed: false } })
  expect(body.problems).toEqual([
    expect.stringContaining('cell.yaml:5:3: unknown setting run.max_stepz, did you mean max_steps?'),
  ])
  expect((await send(url, 'POST', '/api/arm', headers)).body.error).toMatchObject({ code: 'SERVICE_REFUSED' })
  const good = 'version: 1\nlimits:\n  speed_mps: 0.3\nrun:\n  max_steps: 3\n'
  expect((await put('version: 1\nlimits:\n  speed_mps: 0.3\nrun:\n  max_steps: 0\n')).body.error).toMatchObject({
    code: 'CONFIG_INVALID',
  })
  for (const changed of [
    'speed_mps: 1.5',
    'speed_mps: 0.3\nrobot:\n  link: "tcp://10.0.0.9:1"',
    'speed_mps: 0.3\npolicy: {package: /bad}',
  ]) {
    expect((await put(good.replace('speed_mps: 0.3', changed))).body.error).toMatchObject({ code: 'SERVICE_REFUSED' })
  }
  expect(readFileSync(file, 'utf8')).toContain('max_stepz')
  expect((await put(good)).status).toBe(200)
}

test('a service that does not start after safe mode ends the process: nothing would listen any more', async () => {
  const broken = join(folder, 'broken.yaml')
  const state = join(folder, 'broken')
  mkdirSync(state)
  writeFileSync(broken, 'version: 1\nrun:\n  max_stepz: 3\n')
  writeFileSync(
    join(state, 'goals.db'),
    'this is no database, and long enough that it is looked at as one. '.repeat(40),
  )
  let heard: (error: Error) => void = () => {}
  const failed = new Promise<Error>((resolve) => {
    heard = resolve
  })
  const { url, tokenFile, close } = await serveSettings({
    sources: { file: broken, flags: { 'service.port': 0, 'service.state': state } },
    scene,
    tell: () => {},
    onServing: () => heard(new Error('it started')),
    onFailed: heard,
  })
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`
  const headers = { authorization, 'content-type': 'application/json' }
  const text = 'version: 1\nrun:\n  max_steps: 3\n'
  // Written twice, as by a double click, it starts once.
  for (let i = 0; i < 2; i++) await send(url, 'PUT', '/api/settings/text', headers, JSON.stringify({ text }))
  expect(await failed).toMatchObject({ code: 'STORE_FAILED' })
  await close()
})

test("the page's form changes what it may, keeps the file's comments, and says that a restart is needed", async () => {
  const own = join(folder, 'own.yaml')
  writeFileSync(own, 'version: 1 # ours\n')
  const service = await startService({}, undefined, own)
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' }
  const put = (values: object) => send(service.url, 'PUT', '/api/settings', headers, JSON.stringify({ values }))
  expect((await put({ 'run.max_steps': 7 })).body).toMatchObject({ restart_needed: true })
  expect(readFileSync(own, 'utf8')).toBe('version: 1 # ours\nrun:\n  max_steps: 7\n')
  expect((await put({ 'run.max_steps': 0 })).body.error).toMatchObject({ code: 'CONFIG_INVALID' })
  expect((await put({ 'limits.speed_mps': 1 })).body.error).toMatchObject({ code: 'SERVICE_REFUSED' })
  // As where the service's user may not write, which tests may be.
  mkdirSync(`${own}.new`)
  expect((await put({ 'run.max_steps': 8 })).body.error).toMatchObject({ code: 'SERVICE_REFUSED' })
  const { body } = await send(service.url, 'GET', '/api/settings', headers)
  const settings = body.settings as { path: string; value: unknown; origin: string }[]
  expect(settings.find(({ path }) => path === 'run.max_steps')).toMatchObject({ value: 7, origin: `${own}:3:14` })
  await service.remove()
})

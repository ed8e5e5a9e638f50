// What is told to systemd over a real notification socket: by the addon, and by cliport-controller.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { controllerExecutable } from '../../src/native/paths.js'
import { openNotificationSocket } from '../fixtures/notification-socket.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-notify-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a script that may use the module, in a process of its own: the addon reads the process's environment. */
function run(script: string, environment: Record<string, string>): Promise<{ stdout: string }> {
  const text = `import { notifyServiceManager, watchdogTimeoutMs } from './dist/native/service-manager.js'; ${script}`
  const { NOTIFY_SOCKET: _, WATCHDOG_USEC: __, ...rest } = process.env
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], {
    env: { ...rest, ...environment },
  })
}

test.each([
  ['a path', join(folder, 'notify')],
  ['an abstract name', `@cliport-notify-${process.pid}`],
])('notifications reach a socket with %s, each as one datagram', async (_, name) => {
  const manager = await openNotificationSocket(name)
  const script = `console.log(notifyServiceManager({ isReady: true, feedsWatchdog: true, status: 'one\\nREADY=0' }))
                  console.log(notifyServiceManager({ isStopping: true }))`
  const { stdout } = await run(script, { NOTIFY_SOCKET: name })
  expect(stdout).toBe('true\ntrue\n')
  expect(await manager.untilTold('READY=1')).toEqual(['READY=1', 'WATCHDOG=1', 'STATUS=one READY=0'])
  expect(await manager.untilTold('STOPPING=1')).toEqual(['STOPPING=1'])
  await manager.close()
})

test('without a service manager nobody is told and no watchdog waits; a socket that is gone is an error', async () => {
  const alone = await run('console.log(notifyServiceManager({ isReady: true }), watchdogTimeoutMs())', {})
  expect(alone.stdout).toBe('false null\n')
  const watched = await run('console.log(watchdogTimeoutMs())', { WATCHDOG_USEC: '2500000' })
  expect(watched.stdout).toBe('2500\n')
  const gone = run('notifyServiceManager({ isReady: true })', { NOTIFY_SOCKET: join(folder, 'gone') })
  await expect(gone).rejects.toThrow(/service manager at the socket '.*gone': No such file/)
})

test('cliport-controller says that it is ready, feeds the watchdog while its loop runs, and says that it ends', async () => {
  const manager = await openNotificationSocket(join(folder, 'controller'))
  const child = spawn(controllerExecutable(), ['--bind', 'tcp://127.0.0.1:*', '--no-realtime'], {
    env: { ...process.env, NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: '200000' },
    stdio: 'ignore',
  })
  const ready = await manager.untilTold('READY=1')
  expect(ready[1]).toMatch(/^STATUS=sim at tcp:\/\/127\.0\.0\.1:\d+, without real-time priority$/)
  await manager.untilTold('WATCHDOG=1')
  await manager.untilTold('WATCHDOG=1')
  child.kill('SIGTERM')
  await manager.untilTold('STOPPING=1')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  await manager.close()
})

test('safe mode is ready too, and feeds the watchdog: nobody ends it while a person corrects the settings', async () => {
  const manager = await openNotificationSocket(join(folder, 'safe-mode'))
  const settings = join(folder, 'settings.yaml')
  writeFileSync(settings, 'version: 1\nrobott: {}\n')
  const state = join(folder, 'state')
  const args = ['dist/cli/main.js', 'serve', '--config', settings, '--port', '0', '--state', state]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: '400000' },
    stdio: 'ignore',
  })
  const ready = await manager.untilTold('READY=1')
  expect(ready[1]).toBe('STATUS=safe_mode: the settings cannot be used')
  await manager.untilTold('WATCHDOG=1')
  await manager.untilTold('WATCHDOG=1')
  child.kill('SIGTERM')
  await once(child, 'exit')
  await manager.close()
})

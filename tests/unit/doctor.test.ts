// `cliport doctor` on machines of which something is missing or broken.

import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mergeConfig } from '../../src/runtime/config/load.js'
import type { Config } from '../../src/runtime/config/schema.js'
import { checkCalibration, checkCameras, checkLink, isControllerHere } from '../../src/runtime/doctor/cell.js'
import { Checks } from '../../src/runtime/doctor/check.js'
import { checkClock, checkFolder, checkKernel, checkPrivileges } from '../../src/runtime/doctor/machine.js'
import { checkAddon, checkPolicy } from '../../src/runtime/doctor/software.js'
import { diagnoseService } from '../../src/service/doctor.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const pose = '[[1, 0, 0, 0.5], [0, -1, 0, 0], [0, 0, -1, 1], [0, 0, 0, 1]]'
const settings = (yaml: string): Config => mergeConfig({ text: `version: 1\n${yaml}\n`, name: 'cell.yaml' }, {}, {})
const oneCamera = settings(`cameras:\n  - {name: front, serial: "123", T_base_camera: ${pose}}`)
/** A machine whose files are these. */
const machine = (files: Record<string, string>) => async (path: string) => files[path] ?? null

test('a check that throws has failed with its own hint, and the others are looked at all the same', async () => {
  const checks = new Checks()
  await checks.run('broken', () => {
    throw Object.assign(new Error('it is gone'), { hint: 'bring it back' })
  })
  await checks.run('whole', () => ({ status: 'ok', finding: 'fine', fix: '' }))
  expect(checks.report).toEqual({
    ok: false,
    checks: [
      { id: 'broken', status: 'fail', finding: 'it is gone', fix: 'bring it back' },
      { id: 'whole', status: 'ok', finding: 'fine', fix: '' },
    ],
  })
})

test('cameras: library, presence and USB speed, each with what to do', async () => {
  const with_ = (cameras: { serial: string; usb: string }[]) => async () => ({ library: '2.57.7', reason: '', cameras })
  const statuses = async (config: Config, report: Parameters<typeof checkCameras>[1]) => {
    const { library, cameras, usb } = await checkCameras(config, report)
    for (const { status, fix } of [library, cameras, usb]) if (status === 'fail') expect(fix).not.toBe('')
    return [library.status, cameras.status, usb.status]
  }
  expect(await statuses(oneCamera, with_([{ serial: '123', usb: '3.2' }]))).toEqual(['ok', 'ok', 'ok'])
  expect(await statuses(oneCamera, with_([{ serial: '123', usb: '2.1' }]))).toEqual(['ok', 'ok', 'warn'])
  expect(await statuses(oneCamera, with_([{ serial: '9', usb: '3.2' }]))).toEqual(['ok', 'fail', 'skip'])
  const broken = async () => {
    throw new Error('the library crashed')
  }
  expect(await statuses(oneCamera, broken)).toEqual(['fail', 'skip', 'skip'])
  expect(await statuses(settings(''), broken), 'nobody needs it').toEqual(['skip', 'skip', 'skip'])
})

test('calibration is at least as old as the settings that hold it', async () => {
  const file = join(folder, 'cell.yaml')
  writeFileSync(file, '')
  const nowMs = Date.now()
  expect(await checkCalibration(oneCamera, file, nowMs)).toMatchObject({ status: 'ok' })
  utimesSync(file, (nowMs - 200 * 86_400_000) / 1000, (nowMs - 200 * 86_400_000) / 1000)
  const old = await checkCalibration(oneCamera, file, nowMs)
  expect(old).toMatchObject({ status: 'warn', finding: expect.stringContaining('200 day(s)') })
  expect(await checkCalibration(settings(''), file, nowMs)).toMatchObject({ status: 'skip' })
})

test('a controller that does not answer, one that is not asked, and none', async () => {
  const absent = settings('robot: {link: "tcp://127.0.0.1:9", connect_timeout_s: 0.2}')
  expect(await checkLink(absent)).toMatchObject({ status: 'fail', fix: expect.stringMatching(/./) })
  expect(await checkLink(settings('robot: {link: "deoxys://10.0.0.2"}'))).toMatchObject({ status: 'skip' })
  expect(await checkLink(settings(''))).toMatchObject({ status: 'skip' })
  expect([absent, settings(''), settings('robot: {link: "tcp://10.0.0.2:5600"}')].map(isControllerHere)).toEqual([
    true,
    false,
    false,
  ])
})

test('kernel and privileges matter where the controller runs', async () => {
  const plain = machine({
    '/proc/version': 'Linux version 6.1.0-13-amd64 (x) #1 SMP PREEMPT_DYNAMIC',
    '/proc/self/limits':
      'Limit   Soft  Hard  Units\nMax locked memory         65536   65536   bytes\nMax realtime priority     0    0\n',
  })
  const realtime = machine({ '/proc/version': 'Linux version 6.1.0-13-rt-amd64 (x) #1 SMP PREEMPT_RT' })
  expect(await checkKernel(true, plain)).toMatchObject({ status: 'warn', finding: expect.stringContaining('6.1.0-13') })
  expect(await checkKernel(false, plain)).toMatchObject({ status: 'skip' })
  expect(await checkKernel(true, realtime)).toMatchObject({ status: 'ok' })
  expect(await checkKernel(true, machine({})), 'a system without /proc').toMatchObject({ status: 'warn' })
  expect(await checkPrivileges(false, plain)).toMatchObject({
    status: 'skip',
    finding: expect.stringContaining('65536'),
  })
})

test('a clock that stands before the installation is set first', async () => {
  expect(await checkClock(machine({}), Date.UTC(1970, 0, 2))).toMatchObject({ status: 'fail' })
  const slow = { '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'acpi_pm\n' }
  expect(await checkClock(machine(slow))).toMatchObject({ status: 'warn' })
  expect(await checkClock(machine({ '/run/systemd/timesync/synchronized': '' }))).toMatchObject({
    status: 'ok',
    finding: expect.stringContaining('synchronized'),
  })
})

test('addons, policies and folders that are missing or broken', async () => {
  expect(checkAddon('absent')).toMatchObject({ status: 'fail', fix: expect.stringContaining('make setup') })
  const { policy, fit, provider } = await checkPolicy(settings(`policy: {package: ${JSON.stringify(folder)}}`))
  expect(policy).toMatchObject({ status: 'fail', fix: expect.stringMatching(/./) })
  expect([fit.status, provider.status]).toEqual(['skip', 'skip'])
  writeFileSync(join(folder, 'file'), '')
  expect(await checkFolder(join(folder, 'file/runs'), 'run.out')).toMatchObject({ status: 'fail' })
  expect(await checkFolder(join(folder, 'new/runs'), 'run.out')).toMatchObject({ status: 'ok' })
  expect(existsSync(join(folder, 'new')), 'a doctor leaves nothing behind').toBe(false)
})

test('the folder and the port of a service that does not run', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const state = join(folder, 'state')
  const look = async () => {
    const checks = await diagnoseService(settings(`service: {state: ${JSON.stringify(state)}, port: ${port}}`))
    return Object.fromEntries(checks.map(({ id, status }) => [id, status]))
  }
  expect(await look()).toEqual({ 'state-folder': 'skip', service: 'skip', 'service-port': 'fail' })
  await new Promise((resolve) => server.close(resolve))
  mkdirSync(state, { mode: 0o700 })
  expect(await look()).toMatchObject({ 'state-folder': 'ok', 'service-port': 'ok' })
  writeFileSync(join(state, 'token'), 'secret', { mode: 0o644 })
  expect(await look()).toMatchObject({ 'state-folder': 'fail' })
})

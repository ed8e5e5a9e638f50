// The page where something is wrong: a dead camera, settings that cannot be used, a service that is gone.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountSmallDisk } from '../fixtures/small-disk.js'
import { startService } from './service.js'
import { openBrowser, seriousFindings, shoot, visit } from './visitor.js'

const waits = { timeout: 60_000, interval: 50 }
let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser?.close())

test('a camera that stops says so; the others and the whole cell go on', async () => {
  const service = await startService('--fault', 'camera=stall:left@8')
  try {
    const { page, errors, close } = await visit(browser, service)
    await page.locator('[data-camera="left"][data-stopped="true"]').waitFor()
    for (const picture of ['camera/front', 'camera/right', 'cell/cell']) {
      const canvas = page.locator(`canvas[data-picture="${picture}"]`)
      const before = Number(await canvas.getAttribute('data-clock-ms'))
      await expect.poll(async () => Number(await canvas.getAttribute('data-clock-ms')), waits).toBeGreaterThan(before)
    }
    const stopped = async () => (await service.state()).cameras.filter(({ ok }) => !ok).map(({ name }) => name)
    await expect.poll(stopped, waits).toEqual(['left'])
    await shoot(page, 'dead-camera')
    expect(await seriousFindings(page)).toEqual([])
    expect(errors).toEqual([])
    await close()
  } finally {
    await service.stop()
  }
})

test('a full disk is named with its folder, a goal that cannot be kept is refused with it, and room is noticed', async (context) => {
  const disk = mountSmallDisk()
  if (disk === null) return context.skip('no small disk can be mounted here')
  const folder = join(disk.folder, 'state')
  const service = await startService('--state', folder)
  try {
    const { page, close } = await visit(browser, service)
    await page.locator('.mode.disarmed').waitFor()
    disk.fill()
    await page.getByText(`the disk of ${folder} (goals) is full: 0.0 MB free`).waitFor()
    await page.getByLabel('What shall be done?').fill('put the red blocks in a green bowl')
    await page.getByRole('button', { name: 'Queue it', exact: true }).click()
    await page.getByText(`The disk of ${folder} is full`).first().waitFor()
    await shoot(page, 'full-disk')
    expect(await seriousFindings(page)).toEqual([])
    disk.empty()
    await page.getByText(`the disk of ${folder} (goals) is full`).waitFor({ state: 'detached' })
    await close()
  } finally {
    await service.stop()
    disk.remove()
  }
})

test('safe mode shows the problems, and starts when they are corrected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cliport-safe-'))
  const file = join(folder, 'cell.yaml')
  await writeFile(file, 'version: 1\nrun:\n  max_stepz: 5\nvoice:\n  models: nowhere\n')
  // It starts again on the port of before.
  const service = await startService('--config', file, '--port', `${await freePort()}`)
  try {
    const { page, errors, close } = await visit(browser, service)
    await page.getByRole('heading', { name: 'Safe mode' }).waitFor()
    await page.getByText('max_stepz').first().waitFor()
    const write = page.getByRole('button', { name: 'Write and start' })
    expect(await write.isDisabled()).toBe(true)
    await shoot(page, 'safe-mode')
    expect(await seriousFindings(page)).toEqual([])
    await page.getByLabel(file).fill('version: 1\nrun:\n  max_steps: 5\nvoice:\n  models: nowhere\n')
    await page.getByText('No problem left').waitFor()
    expect(errors).toEqual([])
    await write.click()
    await page.getByLabel('What shall be done?').waitFor()
    expect(await readFile(file, 'utf8')).toContain('max_steps: 5')
    // Without the nets of spoken goals there is no button, and a line that says what is missing.
    await page.locator('.talk-line', { hasText: 'make voice' }).waitFor()
    expect(await page.locator('.talk').count()).toBe(0)
    await close()
  } finally {
    await service.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

test('a service that is gone is said to be gone, and a stop that nobody hears is said to be unheard', async () => {
  const service = await startService()
  const { page, close } = await visit(browser, service)
  await page.locator('.link.open').waitFor()
  await service.stop()
  await page.getByText('No connection to the service').waitFor()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByText('The service has not confirmed the stop').waitFor()
  await close()
})

test('a connection that is silent is said to be gone and joined again; a stop of meanwhile arrives', async () => {
  const service = await startService()
  try {
    const { page, close } = await visit(browser, service)
    await page.getByRole('button', { name: 'Arm', exact: true }).click()
    await page.locator('.mode.ready').waitFor()
    service.freeze()
    await page.getByText('No connection to the service').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('The service has not confirmed the stop').waitFor()
    service.thaw()
    await page.locator('.mode.stopped').waitFor()
    await page.locator('.link.open').waitFor()
    await page.locator('.stop-failed').waitFor({ state: 'detached' })
    expect((await service.state()).session.reason).toContain('Stop on the page')
    await close()
  } finally {
    service.thaw()
    await service.stop()
  }
})

test('a real arm is armed only after a question, and not by closing it', async () => {
  const service = await startService()
  try {
    const { page, close } = await visit(browser, service)
    // As a service behind a real arm answers; with the consent the service itself does.
    await page.route('**/api/arm', async (route) => {
      if (route.request().postDataJSON().consent_to_motion) return route.continue()
      const error = { code: 'CONSENT_REQUIRED', message: 'The controller moves a real arm', hint: 'Clear the area' }
      return route.fulfill({ status: 409, json: { error } })
    })
    await page.getByRole('button', { name: 'Arm', exact: true }).click()
    await page.getByText('A real arm will move').waitFor()
    await shoot(page, 'consent')
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.locator('.mode.disarmed').waitFor()
    expect((await service.state()).session.armed).toBe(false)
    await page.getByRole('button', { name: 'Arm', exact: true }).click()
    await page.getByRole('button', { name: 'Yes, arm' }).click()
    await page.locator('.mode.ready').waitFor()
    await page.locator('.notice').waitFor({ state: 'detached' })
    await close()
  } finally {
    await service.stop()
  }
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

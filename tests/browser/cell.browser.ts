// What a person does at the page, on the real service and the simulated cell.

import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Goal } from '../../src/service/api.js'
import { type RunningService, startService } from './service.js'
import { openBrowser, seriousFindings, shoot, type Visitor, visit, watchFor } from './visitor.js'

const scene = { seed: 3, sentence: 'put the red blocks in a green bowl' }
let service: RunningService
let browser: Browser
let visitor: Visitor
let page: Page

beforeAll(async () => {
  service = await startService()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
})
beforeEach(async () => {
  await service.ask('POST', '/api/scene', scene)
  visitor = await visit(browser, service)
  page = visitor.page
  await page.locator('canvas[data-picture="camera/front"][data-clock-ms]').waitFor()
})
afterEach(async () => {
  const { errors } = visitor
  await visitor.close()
  expect(errors).toEqual([])
})

/** Polls have a short time-out of their own; no test is about how long anything takes. */
const waits = { timeout: 60_000, interval: 50 }
const mode = (name: string) => page.locator(`.mode.${name}`).waitFor()
const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
const newest = async () => (await service.ask<{ goals: Goal[] }>('GET', '/api/goals?limit=1')).goals[0]!

async function armed(): Promise<void> {
  await press('Arm')
  await mode('ready')
}

/** red, green and blue of the map at a cell. */
async function colorAt([u, v]: readonly [number, number]): Promise<[number, number, number]> {
  const script = `[...document.querySelector('.map canvas').getContext('2d').getImageData(${2 * u}, ${2 * v}, 1, 1).data].slice(0, 3)`
  return page.evaluate(script) as Promise<[number, number, number]>
}

test('while a sentence is typed the map shows where it would pick and place, in two colours, and nothing moves', async () => {
  const before = (await service.state()).robot?.q_rad
  await page.evaluate(
    "window.shifts = 0; new PerformanceObserver((list) => { for (const { value } of list.getEntries()) window.shifts += value }).observe({ type: 'layout-shift', buffered: false })",
  )
  await page.getByLabel('What shall be done?').pressSequentially('put the red blocks in a gren bowl ', { delay: 40 })
  await page.locator('[data-layers="pick place"]').waitFor()
  await page.getByText('read gren as green').waitFor()
  const { proposal } = await service.ask<{
    proposal: { pick: { pixel: [number, number] }; place: { pixel: [number, number] } }
  }>('POST', '/api/preview', { sentence: scene.sentence })
  const [pick, place] = [await colorAt(proposal.pick.pixel), await colorAt(proposal.place.pixel)]
  expect(pick[0], 'orange where it picks').toBeGreaterThan(pick[2] + 60)
  expect(place[2], 'blue where it places').toBeGreaterThan(place[0] + 60)

  await press('Dry run')
  await page.getByText('dry run passes every check').waitFor()
  await shoot(page, 'typed')
  expect(await page.evaluate('window.shifts')).toBeLessThan(0.02)
  const { robot, session, queue } = await service.state()
  for (const [i, angle] of robot!.q_rad.entries()) expect(angle).toBeCloseTo(before![i]!, 6)
  expect(session.mode).toBe('disarmed')
  expect(queue).toEqual([])
})

test('from the last key to its heat', async () => {
  const input = page.getByLabel('What shall be done?')
  await page.locator('.scene canvas[data-ready="true"]').waitFor()
  const took: number[] = []
  for (const color of ['brown', 'green', 'brown', 'green', 'brown', 'green', 'brown', 'green', 'brown']) {
    const [begun, last] = [`put the red blocks in a ${color} `, 'bowl']
    const sentence = `${begun}${last}`
    await page.evaluate("performance.clearMeasures('cliport-heat')")
    // As a quick typist does, so that the words of before are still on their way.
    await input.fill(begun)
    await input.pressSequentially(last, { delay: 70 })
    const script = `performance.getEntriesByName('cliport-heat').find(({ detail }) => detail === '${sentence}')?.duration ?? null`
    const heat = () => page.evaluate(script) as Promise<number | null>
    await expect.poll(heat, waits).not.toBeNull()
    took.push((await heat())!)
  }
  took.sort((a, b) => a - b)
  console.log(
    `heat after the last key: median ${took[took.length >> 1]!.toFixed(0)} ms, longest ${took.at(-1)!.toFixed(0)} ms, of ${took.length}`,
  )
  expect(took[0]).toBeGreaterThan(0)
})

test('what it weighs, and when it can be used', async () => {
  await page.locator('.scene canvas[data-ready="true"]').waitFor()
  const files = (await page.evaluate(
    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource').filter(({ initiatorType }) => initiatorType !== 'fetch')].map(({ name, encodedBodySize, transferSize }) => [name.split('/').pop(), encodedBodySize, transferSize])",
  )) as [string, number, number][]
  const at = await page.evaluate("performance.getEntriesByName('cliport-usable')[0].startTime")
  const bytes = (list: typeof files) => list.reduce((sum, [, size]) => sum + size, 0)
  const first = files.filter(([name]) => !name.startsWith('scene-'))
  console.log(
    `page ${(bytes(first) / 1000).toFixed(0)} kB, with three.js ${(bytes(files) / 1000).toFixed(0)} kB; usable after ${Math.round(at as number)} ms`,
  )
  expect(files.every(([name]) => !name.startsWith('http'))).toBe(true)
  expect(bytes(first)).toBeLessThan(200_000)
})

test('a goal runs to its end, and is in the history with its pictures', async () => {
  await armed()
  await page.getByLabel('What shall be done?').fill(scene.sentence)
  const running = await watchFor(page, '.mode.running')
  const heat = await watchFor(page, '[data-subject="run"][data-layers="pick place"]')
  const { history } = await service.state()
  // Twice at once is once.
  await page.getByRole('button', { name: 'Do it', exact: true }).dblclick()
  await running()
  await heat()
  await shoot(page, 'running')
  await mode('ready')
  expect((await service.state()).history).toHaveLength(history.length + 1)
  const goal = await newest()
  expect(goal).toMatchObject({ outcome: 'achieved', source: 'page', sentence: scene.sentence })

  await page.getByRole('link', { name: 'History' }).click()
  await page.getByRole('link', { name: scene.sentence }).first().click()
  const detail = page.getByRole('article')
  await detail.getByText('Achieved').waitFor()
  for (const when of ['before', 'after']) {
    const width = `document.querySelector('img[alt$="${when}"]')?.naturalWidth`
    await expect.poll(() => page.evaluate(width), waits).toBeGreaterThan(0)
  }
  await detail.getByRole('radio', { name: 'Good' }).check()
  await detail.getByLabel('Note').fill('clean')
  await detail.getByLabel('Note').blur()
  await expect.poll(async () => (await newest()).note, waits).toBe('clean')
  expect((await newest()).flag).toBe('good')
  await shoot(page, 'run')
  expect(await seriousFindings(page)).toEqual([])
})

test('Escape stops in mid-move, while somebody types; only a person goes on, and lets go of what is held', async () => {
  await armed()
  const input = page.getByLabel('What shall be done?')
  await input.fill(scene.sentence)
  await press('Do it')
  await expect.poll(() => input.inputValue(), waits).toBe('')
  await input.pressSequentially('put the ye')
  await expect.poll(async () => (await service.state()).robot?.holding, waits).toBe(true)
  await page.keyboard.press('Escape')
  await mode('stopped')
  await shoot(page, 'stopped')
  const { session, robot } = await service.state()
  expect(session).toMatchObject({ mode: 'stopped', armed: false })
  expect(robot?.mode).toBe('stopped')
  expect((await newest()).outcome).toBe('stopped')
  await press('Clear')
  await mode('disarmed')
  expect((await service.state()).session).toMatchObject({ mode: 'disarmed', armed: false })
  await page.getByText('still holds something').waitFor()
  expect(await page.getByRole('button', { name: 'Arm', exact: true }).count()).toBe(0)
  await shoot(page, 'holding')
  await press('Let go')
  await page.getByRole('button', { name: 'Arm', exact: true }).waitFor()
  expect((await service.state()).robot?.holding).toBe(false)
})

test('Stop works for somebody without a token, and says nothing else to them', async () => {
  const stranger = await visit(browser, service, { hasToken: false })
  await stranger.page.getByRole('heading', { name: 'This service wants its token' }).waitFor()
  expect(await stranger.page.locator('canvas').count()).toBe(0)
  await stranger.page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect.poll(async () => (await service.state()).session.mode, waits).toBe('stopped')
  await shoot(stranger.page, 'token')
  expect(await seriousFindings(stranger.page)).toEqual([])
  // Each refused request is an error of the console; there is no other.
  expect(stranger.errors.filter((error) => !error.includes('401'))).toEqual([])
  // The printed address, opened in the same window.
  await stranger.page.goto(`${service.url}/#token=${service.token}`)
  await stranger.page.locator('.mode.stopped').waitFor()
  expect(stranger.page.url()).not.toContain(service.token)
  await stranger.close()
  await service.ask('POST', '/api/clear')
})

test('a reload and a second browser in mid-run show the run, which goes on when a person there says so', async () => {
  await armed()
  const said = 'put the block in the brown bowl'
  await page.getByLabel('What shall be done?').fill(said)
  await press('Do it')
  await mode('asking')
  // Held between its action and its next look, however fast the machine is.
  await service.ask('POST', '/api/pause')
  await page.locator('.answer', { hasText: 'the red block' }).click()
  await mode('paused')
  await page.reload()
  await mode('paused')
  await page.locator('.now-goal', { hasText: said }).waitFor()
  const second = await visit(browser, service, { colorScheme: 'dark' })
  await second.page.locator('.now-goal', { hasText: said }).waitFor()
  await second.page.locator('[data-subject="run"]').waitFor()
  await shoot(second.page, 'dark')
  expect(await seriousFindings(second.page)).toEqual([])
  const both = await Promise.all([page, second.page].map((one) => watchFor(one, '.mode.running')))
  await second.page.getByRole('button', { name: 'Go on', exact: true }).click()
  for (const running of both) await running()
  await mode('ready')
  await second.page.locator('.mode.ready').waitFor()
  expect(second.errors).toEqual([])
  await second.close()
  expect((await newest()).outcome).toBe('achieved')
})

test('an ambiguous goal asks, and a click on the picture answers', async () => {
  await armed()
  await page.getByLabel('What shall be done?').fill('put the block in the brown bowl')
  await page.getByText('Which one?').waitFor()
  await press('Do it')
  await mode('asking')
  await page.locator('.candidate').first().waitFor()
  await shoot(page, 'asking')
  const { question } = await service.state()
  const choice = question!.candidates.findIndex(({ name }) => name.includes('red'))
  const running = await watchFor(page, '.mode.running')
  await page
    .locator('.candidate', { hasText: `${choice + 1}` })
    .first()
    .click()
  await running()
  await mode('ready')
  const goal = await newest()
  expect(goal).toMatchObject({ outcome: 'achieved' })
  expect(JSON.stringify(goal.report)).toContain('red')
})

test('a person takes over by two clicks and a turn, and the action is kept', async () => {
  await armed()
  await press('Take over by hand')
  const box = (await page.locator('.surface').boundingBox())!
  const click = ([u, v]: readonly [number, number]) =>
    page.mouse.click(box.x + ((u + 0.5) / 320) * box.width, box.y + ((v + 0.5) / 160) * box.height)
  const { proposal } = await service.ask<{ proposal: { pick: { pixel: [number, number] } } }>('POST', '/api/preview', {
    sentence: scene.sentence,
  })
  await click(proposal.pick.pixel)
  await click([210, 120])
  await page.getByLabel('Thing turned').fill('45')
  await shoot(page, 'takeover')
  expect(await seriousFindings(page)).toEqual([])
  const running = await watchFor(page, '.mode.running')
  await press('Pick and place')
  await running()
  await mode('ready')
  const goal = await newest()
  expect(goal).toMatchObject({ kind: 'takeover', sentence: 'a demonstration by hand' })
  expect(goal.report).toMatchObject({ steps: 1 })
  const after = await service.ask<{ proposal: { pick: { pixel: [number, number] } } }>('POST', '/api/preview', {
    sentence: scene.sentence,
  })
  expect(
    Math.hypot(after.proposal.pick.pixel[0] - 210, after.proposal.pick.pixel[1] - 120),
    'cells from where it was put',
  ).toBeLessThan(12)
})

test('on a phone everything fits, and Stop stays in sight', async () => {
  const phone = await visit(browser, service, { isPhone: true })
  const { page: small } = phone
  await small.locator('canvas[data-picture="camera/front"][data-clock-ms]').waitFor()
  await small.getByLabel('What shall be done?').fill(scene.sentence)
  await small.locator('[data-layers="pick place"]').waitFor()
  await shoot(small, 'phone')
  for (const view of ['Cell', 'History', 'Settings']) {
    await small.getByRole('link', { name: view, exact: true }).click()
    await small.evaluate('window.scrollTo(0, 600)')
    expect(await small.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(390)
    const box = (await small.getByRole('button', { name: 'Stop', exact: true }).boundingBox())!
    expect(box.y + box.height, view).toBeLessThanOrEqual(844)
    expect(await seriousFindings(small), view).toEqual([])
  }
  expect(phone.errors).toEqual([])
  await phone.close()
})

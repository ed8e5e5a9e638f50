// Spoken goals on the page: Chromium's fake microphone plays a file to the real service, engine and cell.

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { speak as speakUntyped } from '../../benchmarks/voice/make-set.mjs'
import { wavBytes } from '../../src/io/voice/wav.js'
import { projectPath } from '../../src/native/paths.js'
import type { Goal } from '../../src/service/api.js'
import { type RunningService, startService } from './service.js'
import { openBrowser, seriousFindings, shoot, type Visitor, visit } from './visitor.js'

const speak = speakUntyped as (synthesizer: 'flite' | 'espeak', voice: string, sentence: string) => Float32Array

const rateHz = 16_000
const scene = { seed: 3, sentence: 'put the red blocks in a green bowl' }
const waits = { timeout: 60_000, interval: 50 }
/** scripts/test-page fetches them, and says so where it cannot. */
const hasNets = existsSync(projectPath('models/voice/silero_vad_v5.onnx'))

let folder: string
let service: RunningService
let browser: Browser
let visitor: Visitor
let page: Page
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-spoken-'))
  // Nobody looks at moving pictures here, and the decoder shares the processor with them.
  process.env.CLIPORT_SERVICE_PICTURE_HZ = '1'
  service = await startService()
  await service.ask('POST', '/api/scene', scene)
  browser = await openBrowser(
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${sound()}%noloop`,
  )
  visitor = await visit(browser, service)
  page = visitor.page
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
  await rm(folder, { recursive: true, force: true })
})
afterEach(() => expect(visitor.errors).toEqual([]))

const sound = () => join(folder, 'sound.wav')
const line = (text: string | RegExp) => page.locator('.talk-line', { hasText: text }).waitFor()
const talks = (state: string, by = page) => by.locator(`.talk[data-talk="${state}"]`).waitFor()
const goalBox = () => page.getByLabel('What shall be done?')
const newest = async () => (await service.ask<{ goals: Goal[] }>('GET', '/api/goals?limit=1')).goals[0]

/** A microphone needs a moment until it is open: nobody speaks before. */
const leadS = 2

/** The microphone plays these samples once when it is opened next, after a pause, and is silent then. */
async function load(samples: Float32Array): Promise<void> {
  const whole = new Float32Array(leadS * rateHz + samples.length)
  whole.set(samples, leadS * rateHz)
  await visitor.context.grantPermissions(['microphone'])
  await writeFile(sound(), wavBytes(whole))
  await page.reload()
  await page.locator('.talk').waitFor()
  // Before the state has come the page still grows, and the button may move away from under the mouse.
  await page.getByText('live', { exact: true }).waitFor()
}

async function hold(by = page): Promise<void> {
  await by.locator('.talk').hover()
  await by.mouse.down()
}

async function say(samples: Float32Array): Promise<void> {
  await load(samples)
  await hold()
  await talks('listening')
  await page.waitForTimeout(1000 * (leadS + samples.length / rateHz))
  await page.mouse.up()
  await talks('idle')
}

/** A chord that changes twice a second. */
function music(seconds: number): Float32Array {
  const roots = [220, 174.6, 261.6, 196]
  return Float32Array.from({ length: seconds * rateHz }, (_, i) => {
    const [t, root] = [i / rateHz, roots[Math.floor((2 * i) / rateHz) % roots.length]!]
    const envelope = Math.exp(-4 * ((2 * t) % 1))
    return 0.08 * envelope * [1, 1.26, 1.5, 2].reduce((sum, ratio) => sum + Math.sin(2 * Math.PI * root * ratio * t), 0)
  })
}

describe.skipIf(!hasNets)('spoken goals', () => {
  test('a browser that gives no microphone says so', async () => {
    await page.locator('.talk').waitFor()
    await hold()
    await line('does not let the page listen')
    await page.mouse.up()
  })

  test('a goal fills the box, moves nothing, and is achieved when a person confirms it', async () => {
    await say(speak('flite', 'slt', scene.sentence))
    await expect.poll(() => goalBox().inputValue(), waits).toBe(scene.sentence)
    await line('Heard')
    await page.locator('[data-layers="pick place"]').waitFor()
    await shoot(page, 'voice-goal')
    await page.getByRole('button', { name: 'Arm', exact: true }).click()
    await page.locator('.mode.ready').waitFor()
    expect((await service.state()).session).toMatchObject({ mode: 'ready', running: null })
    expect(await newest()).toBeUndefined()
    await page.getByRole('button', { name: 'Do it', exact: true }).click()
    await expect.poll(async () => (await newest())?.outcome, waits).toBe('achieved')
    expect(await newest()).toMatchObject({ source: 'voice', sentence: scene.sentence })
    expect(await goalBox().inputValue()).toBe('')
  })

  test('what is doubtful is said, with what it may have been, and a click chooses', async () => {
    // Nothing goes into a ball: the grammar has the bowl, and what was heard freely says something else.
    await say(speak('flite', 'slt', 'put the red blocks in a green ball'))
    await page.locator('.doubts .word', { hasText: 'Doubtful' }).waitFor()
    await shoot(page, 'voice-doubtful')
    expect(await seriousFindings(page)).toEqual([])
    const other = page.locator('.doubts .answer').first()
    const text = (await other.textContent())!
    await other.click()
    await expect.poll(() => goalBox().inputValue(), waits).toBe(text)
    await page.locator('.doubts').waitFor({ state: 'detached' })
  })

  test('what forbids something is refused, and cannot be confirmed', async () => {
    await say(speak('flite', 'slt', 'do not put the red block in the green bowl'))
    await page.getByText('Not possible').waitFor()
    expect(await page.locator('.goal-acts .main').isDisabled()).toBe(true)
  })

  test('silence, music and a closed microphone say so, and fill nothing', async () => {
    await say(Float32Array.from({ length: 2 * rateHz }, (_, i) => 0.003 * Math.sin(i * i)))
    await line('Nothing was said')
    await say(music(4))
    await line(/which is no goal|Nothing was said/)
    await shoot(page, 'voice-music')
    await say(new Float32Array(2 * rateHz))
    await line('the microphone is closed or muted')
    expect(await goalBox().inputValue()).toBe('')
  })

  test('one voice at a time: the second is told, and the keyboard holds the button too', async () => {
    await load(music(20))
    await page.locator('.talk').focus()
    await page.keyboard.down(' ')
    await talks('listening')
    await page.locator('.meter[data-level-db]').waitFor()
    const second = await visit(browser, service)
    await second.context.grantPermissions(['microphone'])
    await second.page.locator('.talk').waitFor()
    await hold(second.page)
    await second.page.locator('.talk-line', { hasText: 'Somebody else is listened to' }).waitFor()
    await second.page.mouse.up()
    expect(second.errors).toEqual([])
    await second.close()
    await page.keyboard.up(' ')
    await talks('idle')
  })

  test('"stop" stops at once, as the button does', async () => {
    await service.ask('POST', '/api/scene', scene)
    const word = speak('flite', 'slt', 'stop')
    const pause = new Float32Array(rateHz)
    await load(Float32Array.from([word, pause, word, pause, word, pause, word, pause].flatMap((part) => [...part])))
    await page.getByRole('button', { name: 'Arm', exact: true }).click()
    await page.locator('.mode.ready').waitFor()
    await goalBox().fill('put the yellow blocks in the brown bowl')
    await page.getByRole('button', { name: 'Do it', exact: true }).click()
    await expect.poll(async () => (await service.state()).robot?.mode, waits).toBe('moving')
    await hold()
    await page.locator('.mode.stopped').waitFor()
    await line('“Stop” was heard')
    await shoot(page, 'voice-stop')
    await page.mouse.up()
    expect((await service.state()).session).toMatchObject({ mode: 'stopped', armed: false })
    expect((await service.state()).session.reason).toContain('"stop" was said')
  })
})

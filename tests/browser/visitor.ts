// A person at the page: a browser window, what it complained of, and how it would look in a report.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type JSHandle, type Page } from 'playwright-core'
import type { RunningService } from './service.js'

const shots = process.env.SHOTS

export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly isPhone?: boolean
  /** Without: as somebody who has never been here. */
  readonly hasToken?: boolean
}

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of the page and of its console so far. */
  readonly errors: readonly string[]
  close(): Promise<void>
}

/** The browser that Debian has; as root it has no sandbox. */
export function openBrowser(...args: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', ...args],
  })
}

export async function visit(browser: Browser, service: RunningService, look: Look = {}): Promise<Visitor> {
  const { colorScheme = 'light', isPhone = false, hasToken = true } = look
  const context = await browser.newContext({
    colorScheme,
    ...(isPhone
      ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
      : { viewport: { width: 1440, height: 1000 } }),
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(`${service.url}/${hasToken ? `#token=${service.token}` : ''}`)
  return { page, context, errors, close: () => context.close() }
}

/**
 * Begins to watch, before an act whose effect may be over before anybody looks.
 * @returns waits until the page shows what the selector names, or has shown it meanwhile
 */
export async function watchFor(page: Page, selector: string): Promise<() => Promise<void>> {
  const script = `({ shown: new Promise((resolve) => {
    const look = () => {
      if (document.querySelector(${JSON.stringify(selector)}) === null) return
      observer.disconnect()
      resolve()
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, attributes: true })
    look()
  }) })`
  const watch = (await page.evaluateHandle(script)) as JSHandle<{ shown: Promise<void> }>
  return () => watch.evaluate(({ shown }) => shown)
}

/** Serious and critical findings of axe, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    )
}

/** Kept only where SHOTS names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (shots === undefined) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name}.png`) })
}

// Memory that is free goes back to the system: between goals, and now and then while nothing moves.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { MemoryReturn } from '../../src/service/memory-return.js'

afterEach(() => {
  vi.useRealTimers()
})

test('it is given back between goals, at most every half minute, and by itself only while nothing moves', async () => {
  vi.useFakeTimers()
  let returns = 0
  let isBusy = true
  const memory = new MemoryReturn(
    () => isBusy,
    async () => void returns++,
  )
  memory.begin()
  memory.between()
  memory.between()
  expect(returns).toBe(1)
  await vi.advanceTimersByTimeAsync(90_000)
  expect(returns).toBe(1)
  memory.between()
  expect(returns).toBe(2)
  isBusy = false
  await vi.advanceTimersByTimeAsync(60_000)
  expect(returns).toBe(4)
  memory.end()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(returns).toBe(4)
})

/** Of a hundred megabytes in blocks of 100 kB every fiftieth is still in use: the C library keeps all of it. */
const fragmented = `
  const { returnFreeBlocks } = await import('./dist/native/memory.js')
  let blocks = Array.from({ length: 1000 }, () => Buffer.allocUnsafeSlow(100_000).fill(1))
  const kept = blocks.filter((_, i) => i % 50 === 0)
  blocks = null
  gc()
  // Buffers are freed by a thread of V8's, which the next collection waits for.
  gc()
  const beforeMb = process.memoryUsage.rss() / 1e6
  await returnFreeBlocks()
  console.log(JSON.stringify({ givenBackMb: beforeMb - process.memoryUsage.rss() / 1e6, kept: kept.length }))
`

test.runIf(process.platform === 'linux')('what is free between blocks in use is given back', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--input-type=module',
    '--eval',
    fragmented,
  ])
  const { givenBackMb, kept } = JSON.parse(stdout) as { givenBackMb: number; kept: number }
  expect(kept).toBe(20)
  expect(givenBackMb).toBeGreaterThan(50)
})

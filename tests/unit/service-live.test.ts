// The service's own looks.

import { expect, test, vi } from 'vitest'
import type { View } from '../../src/control/cycle.js'
import { Hub } from '../../src/service/hub.js'
import { Live } from '../../src/service/live.js'
import type { Workcell } from '../../src/service/workcell.js'

test('looks make way for a sentence that is being typed, though not for as long as it is typed', async () => {
  vi.useFakeTimers()
  try {
    const looks: number[] = []
    const workcell = {
      isOpen: true,
      cell: null,
      config: { service: { picture_hz: 10 } },
      ports: { camera: { names: [] } },
      seen: () => {},
      look: async () => {
        looks.push(performance.now())
        return { frames: [] } as unknown as View
      },
    } as unknown as Workcell
    let isAsked = false
    const hub = new Hub(() => 0)
    hub.join({} as never, () => {})
    const live = new Live(
      workcell,
      hub,
      () => false,
      () => isAsked,
      () => 0,
    )
    vi.spyOn(live, 'looked').mockImplementation(() => {})
    const looksIn = async (ms: number) => {
      const before = looks.length
      await vi.advanceTimersByTimeAsync(ms)
      return looks.length - before
    }
    live.begin()
    expect(await looksIn(1000)).toBeGreaterThanOrEqual(9)
    isAsked = true
    expect(await looksIn(500)).toBe(0)
    expect(await looksIn(2000)).toBeGreaterThanOrEqual(3)
    expect(Math.max(...looks.map((at, i) => at - (looks[i - 1] ?? at)))).toBeLessThanOrEqual(700)
    live.end()
  } finally {
    vi.useRealTimers()
  }
})

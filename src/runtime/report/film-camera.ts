// Pictures of the whole cell for the page's animation, beside the run and never in its way.

import type { Cell } from '../../sim/api.js'
import type { RunPage } from './types.js'

const widthPx = 480
const heightPx = 360

export interface Reel {
  /** Takes the first picture, and then one after another. A second call does nothing. */
  begin(): void
  /** Resolves when the last picture is taken. */
  end(): Promise<void>
}

/** Films from `begin` to `end`; a cell that fails ends it. */
export function film(cell: Pick<Cell, 'observe'>, page: Pick<RunPage, 'observer'>, pictureHz: number): Reel {
  if (pictureHz === 0) return { begin() {}, async end() {} }
  let filming: Promise<void> | null = null
  let isOver = false
  let wake: () => void = () => {}
  const take = async () => {
    const rgb = await cell.observe(widthPx, heightPx)
    page.observer(rgb, widthPx, heightPx, process.hrtime.bigint())
  }
  const roll = async () => {
    while (!isOver) {
      await take()
      if (isOver) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000 / pictureHz)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return {
    begin() {
      filming ??= roll().catch(() => {})
    },
    async end() {
      isOver = true
      wake()
      await filming
      await take().catch(() => {})
    },
  }
}

// Pictures of the whole cell for the page's animation, beside the run and never in its way.

import type { Cell } from '../../sim/api.js'
import type { RunPage } from './types.js'

const widthPx = 480
const heightPx = 360

/** Films until the returned function is called; that resolves when the last picture is taken. A cell that fails ends it. */
export function film(
  cell: Pick<Cell, 'observe'>,
  page: Pick<RunPage, 'observer'>,
  pictureHz: number,
): () => Promise<void> {
  if (pictureHz === 0) return async () => {}
  let isOver = false
  let wake: () => void = () => {}
  const take = async () => {
    const rgb = await cell.observe(widthPx, heightPx)
    page.observer(rgb, widthPx, heightPx, process.hrtime.bigint())
  }
  const filming = (async () => {
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
  })().catch(() => {})
  return async () => {
    isOver = true
    wake()
    await filming
    await take().catch(() => {})
  }
}

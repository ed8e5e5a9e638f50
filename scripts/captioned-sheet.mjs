// A contact sheet of captioned household scenes, for people: node scripts/captioned-sheet.mjs OUT.webp [FIRST_SEED]
// Twelve scenes, each as its first camera sees it, with cameras anywhere round the table.

import sharp from 'sharp'
import { createCell } from '../dist/sim/index.js'

const [out, first = '0'] = process.argv.slice(2)
if (out === undefined) throw new Error('Expected the file of the sheet')
const [columns, rows, width, height] = [4, 3, 320, 240]
const cell = createCell('caller')
const tiles = []
for (let i = 0; i < columns * rows; i++) {
  const seed = Number(first) + 2 * i
  await cell.reset({ task: 'captioned-household-scenes', seed, clock: 'free', appearance: 'randomized' })
  const [frame] = await cell.capture()
  const raw = { width: frame.intrinsics.width, height: frame.intrinsics.height, channels: 3 }
  const input = await sharp(frame.color, { raw }).resize(width, height).png().toBuffer()
  tiles.push({ input, left: (i % columns) * width, top: Math.floor(i / columns) * height })
}
await cell.close()
const sheet = { width: columns * width, height: rows * height, channels: 3, background: 'white' }
await sharp({ create: sheet }).composite(tiles).webp({ quality: 70 }).toFile(out)

// Names that people have given to things (cameras, frames, objects) as names of files.

import { createHash } from 'node:crypto'

/** Of bytes; a file system takes 255, of which prefix and ending need some. */
const maxBytes = 120

/**
 * A name as part of a file's name: two names are never one file. Letters and digits of every language stay, everything
 * else but - and _ is written as ~XX for each of its UTF-8 bytes, so that it needs no escape in a page or a shell either;
 * a long name ends in its SHA-256.
 */
export function fileNameOf(name: string): string {
  const safe = name.replace(/[^\p{L}\p{M}\p{N}_-]/gu, bytesOf)
  if (Buffer.byteLength(safe) <= maxBytes) return safe
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return `${startOf(safe, maxBytes - digest.length - 1)}-${digest}`
}

function bytesOf(character: string): string {
  return [...Buffer.from(character)].map((byte) => `~${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

function startOf(text: string, mostBytes: number): string {
  let start = ''
  for (const character of text) {
    if (Buffer.byteLength(start + character) > mostBytes) break
    start += character
  }
  return start
}

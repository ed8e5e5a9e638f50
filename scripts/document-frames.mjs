// Writes the table of camera.json in docs/recordings.md from its schema: node scripts/document-frames.mjs (after make
// setup). tests/unit/camera-schema.test.ts fails when the page is not what this writes.

import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [begin, end] = ['<!-- made by scripts/document-frames.mjs -->', '<!-- end -->']

/** The page with the table of this JSON schema between its marks. */
export function documented(page, jsonSchema) {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`Expected ${begin} and ${end} in the page`)
  const table = ['| key | value | default | meaning |', '|---|---|---|---|', ...rowsOf(jsonSchema)]
  return `${page.slice(0, from + begin.length)}\n\n${table.join('\n')}\n\n${page.slice(to)}`
}

function rowsOf({ properties, required = [] }, prefix = '', isOptional = false) {
  return Object.entries(properties).flatMap(([key, value]) => {
    const name = `${prefix}${key}`
    const needed = required.includes(key) ? (isOptional ? `with \`${prefix.slice(0, -1)}\`` : 'required') : 'optional'
    const fallback = value.default === undefined ? needed : `\`${JSON.stringify(value.default)}\``
    const row = `| \`${name}\` | ${typeOf(value)} | ${fallback} | ${value.description ?? ''} |`
    if (value.type !== 'object') return [row]
    return [row, ...rowsOf(value, `${name}.`, isOptional || !required.includes(key))]
  })
}

function typeOf({ type, enum: values, exclusiveMinimum, minimum, maximum, minItems, maxItems, prefixItems }) {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if (type === 'array') return prefixItems === undefined ? `${minItems ?? maxItems} numbers` : '4 rows of 4 numbers'
  const low = exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : minimum > -1e15 ? `from ${minimum}` : ''
  const high = maximum < 1e15 ? `to ${maximum}` : ''
  const range = [low, high].filter(Boolean).join(' ')
  return range === '' ? type : `${type} ${range}`
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { z } = await import('zod')
  const { cameraFileSchema } = await import('../dist/io/cameras/schema.js')
  const path = new URL('../docs/recordings.md', import.meta.url)
  writeFileSync(path, documented(readFileSync(path, 'utf8'), z.toJSONSchema(cameraFileSchema, { io: 'input' })))
}

// `make docs`: the API reference of the package (TypeDoc) in build/docs, with a page for the C++ headers and one for the
// wire format, both made from their sources. Fails when an exported name has no text.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = join(root, 'build/docs-pages')
mkdirSync(pages, { recursive: true })
const read = (path) => readFileSync(join(root, path), 'utf8')

/** The comment that a source begins with, as text. */
function opening(source) {
  const lines = source.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  const words = lines.slice(0, end).map((line) => line.replace(/^\/\/ ?/, ''))
  return { text: words.join('\n'), rest: lines.slice(end).join('\n').trim() }
}

const headers = readdirSync(join(root, 'native/include/cliport')).filter((name) => name.endsWith('.hpp'))
const sections = headers.map((name) => {
  const { text, rest } = opening(read(`native/include/cliport/${name}`))
  // Pictures of states in a comment keep their columns.
  const body = /^ {2,}/m.test(text) ? `\`\`\`text\n${text}\n\`\`\`` : text
  return `## cliport/${name}\n\n${body}\n\n\`\`\`cpp\n${rest}\n\`\`\`\n`
})
writeFileSync(
  join(pages, 'cpp-headers.md'),
  `---\ntitle: C++ headers\n---\n\n# C++ headers\n\nThe pure core in \`native/include/cliport\`: no vendor library, no sockets. Units are in brackets or in the name; the base frame has x away from the robot, y left, z up.\n\n${sections.join('\n')}`,
)

const { text, rest } = opening(read('native/proto/link.proto'))
const guide = read('docs/link.md').replace(/^# .*\n/, '')
writeFileSync(
  join(pages, 'wire-format.md'),
  `---\ntitle: Wire format\n---\n\n# Wire format of the link\n\n\`\`\`text\n${text}\n\`\`\`\n\n\`\`\`protobuf\n${rest}\n\`\`\`\n\n${guide.replaceAll(/\]\((?!https?:)[^)]*\)/g, '](#)').replaceAll('](#)', ']')}`,
)

execFileSync(process.execPath, [join(root, 'node_modules/typedoc/bin/typedoc')], { cwd: root, stdio: 'inherit' })

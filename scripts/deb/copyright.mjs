// debian/copyright of the Debian package: the project's licence, and those of the modules and the Node.js that it brings.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const head = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: cliport-edge
Comment: The package was built from the project's own repository.

Files: *
Copyright: 2026 the authors of cliport-edge
License: Apache-2.0
 On Debian systems the text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
`

/**
 * Text of debian/copyright, in Debian's machine-readable format.
 * @param modules the node_modules folder of the package
 * @param nodeLicence file with the licence of Node.js and of what it contains
 */
export function copyrightOf(modules, nodeLicence) {
  const stanzas = packagesIn(modules)
    .filter(({ name }) => !name.startsWith('@cliport/'))
    .map(({ name, folder }) => moduleStanza(name, folder))
  const node = stanza(
    'usr/lib/cliport/bin/node',
    'Node.js contributors and others',
    'Node.js',
    readFileSync(nodeLicence, 'utf8'),
  )
  return [head, node, ...stanzas].join('\n')
}

function packagesIn(modules) {
  return readdirSync(modules).flatMap((name) => {
    const folder = join(modules, name)
    if (name.startsWith('@')) {
      return readdirSync(folder).map((child) => ({ name: `${name}/${child}`, folder: join(folder, child) }))
    }
    return existsSync(join(folder, 'package.json')) ? [{ name, folder }] : []
  })
}

function moduleStanza(name, folder) {
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one))
  const text =
    file === undefined ? `Its package.json states the licence: ${license}.` : readFileSync(join(folder, file), 'utf8')
  const holder = /^\W*copyright (?:\(c\)|©)?.*$/im.exec(text)?.[0]?.trim()
  const maker = typeof author === 'string' ? author : author?.name
  const short = `${String(license).replace(/[^\w.+-]+/g, '-')}-${name.replace(/[^\w.+-]+/g, '-')}`
  return stanza(`usr/lib/cliport/node_modules/${name}/*`, holder ?? maker ?? `the authors of ${name}`, short, text)
}

function stanza(files, holder, license, text) {
  const lines = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
  return `Files: ${files}\nCopyright: ${holder}\nLicense: ${license}\n${lines.join('\n')}\n`
}

// Compiles the native code where the package is installed (npm's `install` script). What the system lacks is named in
// one line; with CLIPORT_SKIP_BUILD=1 nothing is compiled, and whoever needs an addon is told so.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
if (process.env.CLIPORT_SKIP_BUILD === '1') process.exit(0)
if (existsSync(join(root, 'build/Release/controller.node'))) process.exit(0)

/** What each missing program or library is called in Debian and Ubuntu. */
const needs = [
  ['g++', 'g++', ['--version']],
  ['cmake', 'cmake', ['--version']],
  ['ninja-build', 'ninja', ['--version']],
  ['pkg-config', 'pkg-config', ['--version']],
  ['libzmq3-dev', 'pkg-config', ['--exists', 'libzmq']],
  ['cppzmq-dev', 'pkg-config', ['--exists', 'cppzmq']],
  ['libcli11-dev', 'pkg-config', ['--exists', 'CLI11']],
  ['protobuf-compiler', 'protoc', ['--version']],
  ['libprotobuf-dev', 'pkg-config', ['--exists', 'protobuf']],
]
const missing = needs.filter(([, program, args]) => spawnSync(program, args).status !== 0).map(([name]) => name)
if (missing.length > 0) {
  console.error(
    `cliport-edge compiles its native code, and this machine lacks: ${missing.join(', ')}. Install them, then again:`,
  )
  console.error(`  sudo apt-get install -y ${missing.join(' ')}`)
  process.exit(1)
}

// By path, since npm may have put it beside this package or further up.
const cmakeJsManifest = createRequire(import.meta.url).resolve('cmake-js/package.json')
const { bin } = JSON.parse(readFileSync(cmakeJsManifest, 'utf8'))
const cmakeJs = join(dirname(cmakeJsManifest), typeof bin === 'string' ? bin : bin['cmake-js'])
const args = ['compile', '--out', 'build', '--directory', root, '--CDCLIPORT_TESTS=OFF']
const { status } = spawnSync(process.execPath, [cmakeJs, ...args], { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)

// `make deb`: build/cliport-edge_VERSION_ARCHITECTURE.deb, with its own Node.js and the shipped policy (docs/installation.md).
//
//   node scripts/deb.mjs [--arch amd64|arm64] [--native FOLDER] [--version VERSION] [--quick]
//
// FOLDER holds the native code for that architecture, laid out as build/ (Release/*.node, native/cliport-controller), the
// camera's addon among the others. What npm packages have for another architecture comes from npm: nothing is emulated.
// --quick: a larger package in a fraction of the time, for tests.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { copyrightOf } from './deb/copyright.mjs'
import { installModules, installNode, npmArchitecture } from './deb/modules.mjs'
import { writeManual } from './document-manual.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version: ownVersion } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const { values: options } = parseArgs({
  options: {
    arch: { type: 'string', default: npmArchitecture[process.arch] },
    native: { type: 'string', default: join(root, 'build') },
    version: { type: 'string', default: ownVersion },
    quick: { type: 'boolean', default: false },
  },
})
const { arch, native, version, quick } = options
const name = 'cliport-edge'
const work = join(root, 'build/deb', `${name}-${version}`)
const tree = join(work, 'root')
const lib = join(tree, 'usr/lib/cliport')

expectTools()
rmSync(join(root, 'build/deb'), { recursive: true, force: true })
mkdirSync(lib, { recursive: true })
copyProgram()
copyNative()
await installNode({ root, arch, into: lib })
await installModules({ root, arch, into: lib })
copySystem()
await copyDocuments()
writeDebian()
pack()

/** @throws a list of the Debian packages that this machine lacks */
function expectTools() {
  const needed = { dh: 'debhelper', 'dpkg-buildpackage': 'dpkg-dev', fakeroot: 'fakeroot', gzip: 'gzip' }
  const missing = Object.entries(needed).filter(([tool]) => spawnSync('which', [tool]).status !== 0)
  if (missing.length === 0) return
  console.error(`make deb needs ${missing.map(([, one]) => one).join(', ')}:`)
  console.error(`  sudo apt-get install -y --no-install-recommends ${missing.map(([, one]) => one).join(' ')}`)
  process.exit(1)
}

function copy(from, to, filter = () => true) {
  cpSync(join(root, from), to, { recursive: true, filter: (source) => !/__pycache__/.test(source) && filter(source) })
}

/** What the runtime reads: see `projectPath` in src/native/paths.ts. */
function copyProgram() {
  for (const path of [
    'config',
    'models/edge',
    'models/cliport_edge',
    'models/cliport_published',
    'models/lexicon-of-format-1.json',
    'models/recipe.json',
    'models/requirements.txt',
  ]) {
    copy(path, join(lib, path))
  }
  copy('dist', join(lib, 'dist'), (source) => !/\.(map|built|d\.ts)$/.test(source))
  // /usr/bin/cliport calls it with the package's own Node.js.
  const main = join(lib, 'dist/cli/main.js')
  writeFileSync(main, readFileSync(main, 'utf8').replace(/^#!.*\n/, ''))
  const {
    devDependencies: _,
    scripts: __,
    workspaces: ___,
    ...manifest
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(join(lib, 'package.json'), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`)
}

function copyNative() {
  const addons = readdirSync(join(native, 'Release')).filter((file) => /^(?!realsense).*\.node$/.test(file))
  const files = [...addons.map((addon) => `Release/${addon}`), 'native/cliport-controller']
  for (const file of files) {
    const from = join(native, file)
    expectArchitecture(from)
    cpSync(from, join(lib, 'build', file))
  }
  const besides = join(native, 'Release/realsense.node')
  const camera = existsSync(besides) ? besides : join(root, 'packages/realsense/build/Release/realsense.node')
  expectArchitecture(camera)
  cpSync(camera, join(lib, 'node_modules/@cliport/realsense/build/Release/realsense.node'))
}

/** An addon of another architecture would be found when the service starts, on the user's machine. */
function expectArchitecture(file) {
  if (!existsSync(file)) throw new Error(`${file} is missing: build the native code for ${arch} first (make setup)`)
  const header = Buffer.alloc(20)
  readSync(openSync(file, 'r'), header, 0, 20, 0)
  const machine = { 62: 'amd64', 183: 'arm64' }[header.readUInt16LE(18)] // e_machine of ELF
  if (machine !== arch) throw new Error(`${file} is for ${machine ?? 'another processor'}, expected ${arch}`)
}

/** Commands, settings, completions. The rest of the system's files has debhelper's names in debian/. */
function copySystem() {
  mkdirSync(join(tree, 'usr/bin'), { recursive: true })
  copy('packaging/cliport', join(tree, 'usr/bin/cliport'))
  execFileSync('ln', ['-s', '../lib/cliport/build/native/cliport-controller', join(tree, 'usr/bin/cliport-controller')])
  mkdirSync(join(tree, 'etc/cliport'), { recursive: true })
  mkdirSync(join(tree, 'etc/default'), { recursive: true })
  copy('packaging/config.yaml', join(tree, 'etc/cliport/config.yaml'))
  copy('config/controller-limits.txt', join(tree, 'etc/cliport/controller-limits.txt'))
  copy('packaging/cliport-controller.default', join(tree, 'etc/default/cliport-controller'))
  for (const [shell, path] of [
    ['bash', 'usr/share/bash-completion/completions/cliport'],
    ['zsh', 'usr/share/zsh/vendor-completions/_cliport'],
    ['fish', 'usr/share/fish/vendor_completions.d/cliport.fish'],
  ]) {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    const script = execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), 'completion', shell])
    writeFileSync(join(tree, path), script)
  }
}

async function copyDocuments() {
  const folder = join(tree, 'usr/share/doc', name)
  copy('docs', folder, (source) => !/docs\/(images|decisions)/.test(source))
  for (const path of ['README.md', 'SECURITY.md', 'config/default.yaml', 'config/real-cell.yaml']) {
    copy(path, join(folder, path.replace('config/', '')))
  }
  await writeManual(join(work, 'man'))
}

function writeDebian() {
  const debian = join(work, 'debian')
  copy('packaging/debian', debian)
  const { author, dateRfc2822 } = lastCommit()
  const control = readFileSync(join(debian, 'control'), 'utf8').replace('@MAINTAINER@', author)
  writeFileSync(join(debian, 'control'), control)
  const entry = `${name} (${version}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- ${author}  ${dateRfc2822}\n`
  writeFileSync(join(debian, 'changelog'), entry)
  writeFileSync(join(debian, 'copyright'), copyrightOf(join(lib, 'node_modules'), join(lib, 'NODE-LICENSE')))
  rmSync(join(lib, 'NODE-LICENSE'))
  writeFileSync(join(debian, `${name}.install`), 'root/usr/* usr\nroot/etc/* etc\n')
  writeFileSync(join(debian, `${name}.manpages`), 'man/*\n')
  copy('CHANGELOG.md', join(work, 'CHANGELOG.md'))
  writeFileSync(join(debian, `${name}.changelogs`), 'CHANGELOG.md\n')
  for (const [from, to] of [
    ['systemd/cliport.service', `${name}.cliport.service`],
    ['systemd/cliport-controller.service', `${name}.cliport-controller.service`],
    ['systemd/cliport.sysusers', `${name}.sysusers`],
    ['systemd/cliport.tmpfiles', `${name}.tmpfiles`],
    ['udev/realsense.rules', `${name}.udev`],
  ]) {
    copy(`packaging/${from}`, join(debian, to))
  }
}

/** The package's date is the commit's, so that the same commit makes the same package. */
function lastCommit() {
  const git = (format) =>
    execFileSync('git', ['log', '-1', `--format=${format}`], { cwd: root, encoding: 'utf8' }).trim()
  process.env.SOURCE_DATE_EPOCH = git('%ct')
  return { author: git('%cn <%ce>'), dateRfc2822: git('%cD') }
}

function pack() {
  execFileSync('dpkg-buildpackage', ['--build=binary', '--no-sign', '--no-check-builddeps', `--host-arch=${arch}`], {
    cwd: work,
    stdio: ['ignore', openSync(join(root, 'build/deb/build.log'), 'w'), 'inherit'],
    env: {
      ...process.env,
      DEB_BUILD_OPTIONS: 'nocheck',
      CLIPORT_DEB_COMPRESSION: quick ? '-Zgzip -z1' : '-Zxz -z6',
    },
  })
  const file = `${name}_${version}_${arch}.deb`
  renameSync(join(root, 'build/deb', file), join(root, 'build', file))
  console.log(join('build', file))
}

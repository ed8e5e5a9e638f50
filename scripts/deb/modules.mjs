// What the Debian package brings of npm: the modules that the runtime needs, and Node.js itself, each pinned by checksum.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Debian's names of Node's architectures. */
export const npmArchitecture = { x64: 'amd64', arm64: 'arm64' }

function cpuOf(arch) {
  const cpu = Object.entries(npmArchitecture).find(([, debian]) => debian === arch)?.[0]
  if (cpu === undefined) throw new Error(`Expected --arch amd64 or arm64 but received ${arch}`)
  return cpu
}

/** Runs `npm ci` for that architecture in a folder of its own, and hands the folder over. */
async function install({ arch, files }, use) {
  const folder = mkdtempSync(join(tmpdir(), 'cliport-deb-'))
  try {
    for (const [from, to] of files) cpSync(from, join(folder, to), { recursive: true })
    const flags = [
      '--omit=dev',
      '--ignore-scripts',
      '--prefer-offline',
      '--os=linux',
      `--cpu=${cpuOf(arch)}`,
      '--libc=glibc',
    ]
    execFileSync('npm', ['ci', ...flags, '--loglevel=error'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    await use(join(folder, 'node_modules'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Node.js as bin/node, and its licence as NODE-LICENSE. */
export function installNode({ root, arch, into }) {
  const files = ['package.json', 'package-lock.json'].map((file) => [join(root, 'packaging/node', file), file])
  return install({ arch, files: [...files, [join(root, '.npmrc'), '.npmrc']] }, (modules) => {
    const from = join(modules, `node-linux-${cpuOf(arch)}`)
    mkdirSync(join(into, 'bin'), { recursive: true })
    cpSync(join(from, 'bin/node'), join(into, 'bin/node'))
    cpSync(join(from, 'LICENSE'), join(into, 'NODE-LICENSE'))
  })
}

/** The modules of the lock file, without what only development needs. */
export function installModules({ root, arch, into }) {
  const manifest = 'packages/realsense/package.json'
  const files = ['package.json', 'package-lock.json', '.npmrc', manifest].map((file) => [join(root, file), file])
  return install({ arch, files }, (modules) => {
    const kept = join(into, 'node_modules')
    const realsense = join(kept, '@cliport/realsense')
    rmSync(join(modules, '@cliport'), { recursive: true })
    rmSync(join(modules, '.bin'), { recursive: true, force: true })
    rmSync(join(modules, '.package-lock.json'), { force: true })
    cpSync(modules, kept, { recursive: true, filter: (path) => isNeeded(path.slice(modules.length), arch) })
    cpSync(join(root, 'packages/realsense/dist'), join(realsense, 'dist'), {
      recursive: true,
      filter: (path) => !/\.d\.ts$/.test(path),
    })
    cpSync(join(root, manifest), join(realsense, 'package.json'))
    cpSync(join(root, 'packages/realsense/LICENSE'), join(realsense, 'LICENSE'))
    removeEmptyFolders(kept)
  })
}

/** Not what belongs to other systems, to compilers, or to people who read the module's source. */
function isNeeded(path, arch) {
  const other = arch === 'amd64' ? 'arm64' : 'x64'
  return ![
    /\/onnxruntime-node\/bin\/napi-v\d+\/(darwin|win32)/,
    new RegExp(`/onnxruntime-node/bin/napi-v\\d+/linux/${other}`),
    /\/zeromq\/build\/(darwin|win32)/,
    new RegExp(`/zeromq/build/linux/${other}`),
    /\/zeromq\/build\/linux\/[^/]+\/node\/(musl|[^/]*musl)/,
    /^\/(node-addon-api|zeromq\/(src|vendor|script|cmake|test|docs|examples)|adm-zip|global-agent)(\/|$)/,
    /\.(d\.[cm]?ts|map|tsbuildinfo|cc|cpp|h|hpp|gyp|gypi)$/,
    /\/(\.github|\.vscode|\.editorconfig|\.eslintrc[^/]*|\.npmignore|\.nycrc|\.prettierrc[^/]*|\.travis\.yml)$/,
  ].some((pattern) => pattern.test(path))
}

function removeEmptyFolders(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) removeEmptyFolders(path)
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}

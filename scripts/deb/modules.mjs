// What the Debian package brings of npm: the modules that the runtime needs, and Node.js itself, each pinned by checksum.

import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
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

/** The modules that the lock file names, without what only development needs. */
export async function installModules({ root, arch, into }) {
  const kept = join(into, 'node_modules')
  const manifest = 'packages/realsense/package.json'
  if (npmArchitecture[process.arch] === arch) copyNeeded(join(root, 'node_modules'), kept, arch, shippedIn(root))
  else {
    const files = ['package.json', 'package-lock.json', '.npmrc', manifest].map((file) => [join(root, file), file])
    await install({ arch, files }, (modules) => copyNeeded(modules, kept, arch, shippedIn(join(modules, '..'))))
  }
  const realsense = join(kept, '@cliport/realsense')
  const isCode = (path) => !/\.d\.ts$/.test(path)
  cpSync(join(root, 'packages/realsense/dist'), join(realsense, 'dist'), { recursive: true, filter: isCode })
  cpSync(join(root, manifest), join(realsense, 'package.json'))
  cpSync(join(root, 'packages/realsense/LICENSE'), join(realsense, 'LICENSE'))
}

/** Folders of modules, relative to node_modules, that are needed at run time. */
function shippedIn(project) {
  const args = ['ls', '--omit=dev', '--all', '--parseable']
  const listed = execFileSync('npm', args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const prefix = `${join(project, 'node_modules')}/`
  return listed.split('\n').flatMap((path) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []))
}

function copyNeeded(modules, kept, arch, shipped) {
  for (const name of shipped.filter((one) => !one.startsWith('@cliport/'))) {
    const filter = (path) => isNeeded(path.slice(modules.length), arch) && !path.includes('/node_modules/.')
    cpSync(join(modules, name), join(kept, name), { recursive: true, filter })
  }
  tidy(kept)
}

/** Not what belongs to other systems, to compilers, or to people who read the module's source. */
function isNeeded(path, arch) {
  const other = arch === 'amd64' ? 'arm64' : 'x64'
  return ![
    /\/onnxruntime-node\/bin\/napi-v\d+\/(darwin|win32)/,
    new RegExp(`/onnxruntime-node/bin/napi-v\\d+/linux/${other}`),
    /\/zeromq\/build\/(darwin|win32)/,
    new RegExp(`/zeromq/build/linux/${other}`),
    /\/zeromq\/build\/linux\/[^/]+\/node\/(\d+|[^/]*musl[^/]*)(\/|$)/,
    /^\/@libsql\/[^/]*musl/,
    /^\/(node-addon-api|zeromq\/(src|vendor|script|cmake|test|docs|examples)|adm-zip|global-agent)(\/|$)/,
    /\.(d\.[cm]?ts|map|tsbuildinfo|cc|cpp|h|hpp|gyp|gypi)$/,
    /^\/(@[^/]+\/)?[^/]+\/(node_modules\/(@[^/]+\/)?[^/]+\/)?(tests?|bench|benchmarks?|docs|examples|integration)(\/|$)/,
    // Command lines of modules that are only called, and what compiles them.
    /^\/(mime\/cli\.js|pino\/bin\.js|yaml\/bin\.mjs|cmake-ts\/build\/main\.m?js)$/,
    /^\/(semver\/bin|safe-regex2\/bin|pkg-prebuilds\/bin|cmake-ts\/src|fastify\/scripts)(\/|$)/,
    /\.(html|sh)$/,
    /\/(\.husky|\.gitattributes|\.gitignore|\.github|\.vscode|\.editorconfig|\.eslintrc[^/]*|\.npmignore|\.nycrc|\.prettierrc[^/]*|\.travis\.yml)$/,
  ].some((pattern) => pattern.test(path))
}

/** No empty folders, and nothing that claims to be a program. */
function tidy(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) tidy(path)
    else chmodSync(path, 0o644)
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}

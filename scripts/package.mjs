// Packs what users install: `npm run package` writes build/cliport-edge-VERSION.tgz.
//
// What no registry has, or what would not install without settings of the user, travels inside (bundled dependencies):
// @cliport/realsense, and onnxruntime-node without its install script (which downloads GPU parts and fails without a
// network) and with the libraries of Linux only. Native code is compiled when the package is installed.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stage = join(root, 'build/package')
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))
const write = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
const copy = (from, to, filter = () => true) => cpSync(from, to, { recursive: true, filter })

const manifest = read(join(root, 'package.json'))
const bundled = ['@cliport/realsense', 'onnxruntime-node', 'onnxruntime-common']

rmSync(stage, { recursive: true, force: true })
mkdirSync(stage, { recursive: true })

for (const path of [
  ...['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'CMakeLists.txt', 'config', 'examples', 'docs'],
  ...[
    'native/CMakeLists.txt',
    'native/include',
    'native/core',
    'native/controller',
    'native/backends',
    'native/addon',
    'native/bench',
  ],
  ...[
    'native/proto',
    'models/edge',
    'models/cliport_edge',
    'models/cliport_published',
    'models/lexicon-of-format-1.json',
    'models/recipe.json',
    'models/requirements.txt',
  ],
  ...[
    'models/MODEL_CARD.md',
    'benchmarks/heightmap/reference.py',
    'benchmarks/policy/eager.py',
    'scripts/install-native.mjs',
    'scripts/build-native',
    'scripts/install-packages',
  ],
]) {
  copy(join(root, path), join(stage, path), (source) => !/__pycache__|docs\/images\/results/.test(source))
}
copy(join(root, 'dist'), join(stage, 'dist'), (source) => !/\.(map|built|page-built)$/.test(source))

packRealSense()
const ort = 'node_modules/onnxruntime-node'
copy(join(root, ort), join(stage, ort), (source) => !/bin\/napi-v\d+\/(darwin|win32)/.test(source))
copy(join(root, 'node_modules/onnxruntime-common'), join(stage, 'node_modules/onnxruntime-common'))
const ortManifest = read(join(stage, ort, 'package.json'))
const { postinstall: _, ...ortScripts } = ortManifest.scripts
write(join(stage, ort, 'package.json'), { ...ortManifest, scripts: ortScripts })

const { devDependencies, workspaces: __, private: ___, scripts: ____, ...published } = manifest
write(join(stage, 'package.json'), {
  ...published,
  // Not in the project's own manifest: npx would then install the project into its cache instead of using the build.
  bin: { cliport: 'dist/cli/main.js' },
  os: ['linux'],
  cpu: ['x64', 'arm64'],
  scripts: { install: 'node scripts/install-native.mjs' },
  dependencies: {
    ...manifest.dependencies,
    'cmake-js': devDependencies['cmake-js'],
    'node-api-headers': devDependencies['node-api-headers'],
    // Of the bundled onnxruntime-node: of its script too, which fetches the GPU parts on request.
    ...ortManifest.dependencies,
  },
  bundleDependencies: bundled,
})

// Not in the folder of the workspace: npm would pack the workspace.
const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', join(root, 'build')], {
    cwd: stage,
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
)
const file = filename.replace(/^@|\//g, '')
console.log(join('build', file))

/** The camera package as it would be published; its addon is compiled again with ours where no prebuilt one fits. */
function packRealSense() {
  const from = join(root, 'packages/realsense')
  const into = join(stage, 'node_modules/@cliport/realsense')
  mkdirSync(into, { recursive: true })
  for (const path of ['dist', 'native', 'CMakeLists.txt', 'package.json', 'README.md', 'LICENSE']) {
    copy(join(from, path), join(into, path))
  }
  const { scripts: _scripts, devDependencies: _dev, ...rest } = read(join(from, 'package.json'))
  write(join(into, 'package.json'), rest)
}

// npm pack, install the tarball in an empty folder, and use it there as a stranger would.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testLibrary } from './fetch-test-library.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const recording = fileURLToPath(new URL('../../../tests/fixtures/data/d435-depth-color-640x480.bag', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'realsense-pack-'))
const run = (cwd, command, ...args) => {
  const env = { ...process.env, REALSENSE2_LIBRARY: testLibrary('2.59.1') }
  if (existsSync(recording)) env.REALSENSE_TEST_BAG = recording
  return execFileSync(command, args, { cwd, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] })
}
const check = (condition, words) => {
  if (!condition) throw new Error(words)
  console.log(`ok  ${words}`)
}

try {
  const [packed] = JSON.parse(run(root, 'npm', 'pack', '--json', '--pack-destination', folder).replace(/^[^[]*/s, ''))
  const files = packed.files.map(({ path }) => path)
  console.log(`${packed.filename}: ${files.length} files, ${(packed.size / 1024).toFixed(0)} KiB`)
  const own = process.arch
  for (const arch of ['x64', 'arm64']) {
    const isThere = files.includes(`prebuilds/realsense-linux-${arch}/node-napi-v8.node`)
    // A machine without a cross compiler packs its own binary only, and says so.
    if (arch !== own && !isThere && process.env.REALSENSE_RELEASE !== '1') {
      console.log(`skipped: a binary for ${arch}, for which this machine has no compiler`)
      continue
    }
    check(files.includes(`prebuilds/realsense-linux-${arch}/node-napi-v8.node`), `a binary for ${arch} is inside`)
  }
  for (const file of [
    'README.md',
    'LICENSE',
    'dist/index.d.ts',
    'dist/testing.d.ts',
    'native/session.cpp',
    'native/addon/addon.cpp',
    'CMakeLists.txt',
  ]) {
    check(files.includes(file), `${file} is inside`)
  }

  const user = join(folder, 'user')
  execFileSync('mkdir', ['-p', user])
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }')
  run(user, 'npm', 'install', '--no-audit', '--no-fund', join(folder, packed.filename))
  const installed = readdirSync(join(user, 'node_modules')).filter((name) => !name.startsWith('.'))
  check(installed.join() === '@cliport,pkg-prebuilds', `installing it brings only: ${installed.join(', ')}`)

  const here = join(user, 'node_modules/@cliport/realsense')
  if (existsSync(recording)) {
    cpSync(join(here, 'examples/save-point-cloud.mjs'), join(user, 'save-point-cloud.mjs'))
    const words = run(user, process.execPath, 'save-point-cloud.mjs', recording).trim()
    check(/cloud\.ply: \d{6} points from Intel RealSense D435/.test(words), words)
  } else {
    console.log('skipped: the example on tests/fixtures/data, which is absent')
  }
  writeFileSync(
    join(user, 'use.ts'),
    `import { openCamera, type CameraFrame } from '@cliport/realsense'
     await using camera = await openCamera({ depth: { fps: 30 } })
     for await (const frame of camera) { const f: CameraFrame = frame; const ns: bigint = f.stampNs; void ns }`,
  )
  const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
  const types = fileURLToPath(new URL('../../../node_modules/@types', import.meta.url))
  const strict = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
  ]
  run(user, process.execPath, tsc, ...strict, '--typeRoots', types, '--types', 'node', 'use.ts')
  check(true, 'its types hold in strict TypeScript')

  cpSync(join(root, 'tests/package.test.mjs'), join(user, 'package.test.mjs'))
  console.log(
    run(user, process.execPath, '--test', '--test-reporter=tap', 'package.test.mjs')
      .match(/# (tests|pass|fail) \d+/g)
      .join(' '),
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

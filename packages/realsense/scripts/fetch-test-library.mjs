// The real librealsense2 for tests on machines without one: the vendor's Python wheels contain it and export its C
// interface. Test-only: nothing of this is in the package.
//
//   node scripts/fetch-test-library.mjs 2.57.7 [arm64]    prints the path of a loadable librealsense2.so
//
// A wheel's library expects a Python process around it. A stub with the few data symbols of Python that are resolved at
// load time, and a shim that depends on the stub and on the wheel, make one file that dlopen takes.

import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Up to 2.57 it records .bag, from 2.58 on .db3. */
const versions = { '2.57.7': '2.57.7.10387', '2.59.1': '2.59.1.11053' }
const targets = {
  x64: { python: '3.11', platform: 'manylinux1_x86_64', compiler: 'cc' },
  // Of the arm64 wheels the one for Python 3.9 asks for the oldest glibc.
  arm64: { python: '3.9', platform: 'manylinux2014_aarch64', compiler: 'aarch64-linux-gnu-gcc' },
}

const cache = process.env.REALSENSE_TEST_CACHE ?? fileURLToPath(new URL('../.cache/library', import.meta.url))
const run = (command, ...args) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 })

/** Path of librealsense2.so of that version. @throws Error in one line: what is missing */
export function testLibrary(version, arch = 'x64') {
  const folder = join(cache, `${version}-${arch}`)
  const library = join(folder, 'librealsense2.so')
  if (existsSync(library)) return library
  const { python, platform, compiler } = targets[arch]
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'part-'))
  try {
    const wheel = download(work, versions[version] ?? version, python, platform)
    run('python3', '-m', 'zipfile', '-e', wheel, work)
    const inside = join(work, 'pyrealsense2')
    const source = join(
      inside,
      readdirSync(inside).find((name) => /^pyrealsense2\..*\.so$/.test(name)),
    )
    const soname = /SONAME.*\[(.+)\]/.exec(run('readelf', '-dW', source))?.[1] ?? basename(source)
    copyFileSync(source, join(work, soname))
    writeFileSync(join(work, 'stub.c'), stubSource(source))
    writeFileSync(join(work, 'shim.c'), '/* depends on the stub and on the wheel */\n')
    run(compiler, '-shared', '-fPIC', '-o', join(work, 'libpystub.so'), join(work, 'stub.c'))
    const linked = ['-Wl,--no-as-needed', `-L${work}`, '-l:libpystub.so', `-l:${soname}`]
    const flags = ['-Wl,-rpath,$ORIGIN', '-Wl,--allow-shlib-undefined']
    run(compiler, '-shared', '-o', join(work, 'librealsense2.so'), join(work, 'shim.c'), ...linked, ...flags)
    for (const name of ['pyrealsense2', wheel]) rmSync(join(work, basename(name)), { recursive: true, force: true })
    if (!existsSync(library)) renameSync(work, folder)
    return library
  } catch (error) {
    const words = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .at(-1)
    throw new Error(`no librealsense2 ${version} for tests: ${words}`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function download(folder, version, python, platform) {
  const only = ['--no-deps', '--only-binary=:all:', '--python-version', python, '--platform', platform]
  run('python3', '-m', 'pip', 'download', '--quiet', `pyrealsense2==${version}`, ...only, '-d', folder)
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.whl')),
  )
}

/** Symbols of Python that are relocations of data; functions are resolved lazily, which is never. */
function stubSource(library) {
  const names = run('readelf', '-rW', library)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , type, , name]) => type && !/JUMP_SLO/.test(type) && /^_?Py/.test(name ?? ''))
    .map(([, , , , name]) => name.split('@')[0])
  return [...new Set(names)].map((name) => `char ${name}[1024] __attribute__((aligned(16)));`).join('\n')
}

/** What a test needs: `{ path }`, or `{ skip }` with one line that says why there is none. */
export function testLibraryOrSkip(version) {
  try {
    return { path: testLibrary(version) }
  } catch (error) {
    return { skip: error.message }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(testLibrary(process.argv[2] ?? '2.57.7', process.argv[3] ?? 'x64'))
}

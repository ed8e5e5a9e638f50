// Everything that can be wrong with the library, and how processes and workers end. Each case is a process of its own,
// because the first library that loads stays.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { useLibrary } from '../fixtures/realsense.js'

const folder = mkdtempSync(join(tmpdir(), 'realsense-library-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const packageUrl = new URL('../../packages/realsense/', import.meta.url)
const api = JSON.stringify(new URL('dist/index.js', packageUrl).href)
const testing = JSON.stringify(new URL('dist/testing.js', packageUrl).href)

/** Runs a module in a fresh process. */
function run(source: string, library?: string) {
  const script = join(folder, `case-${Math.random().toString(36).slice(2)}.mjs`)
  writeFileSync(script, source)
  const env = { ...process.env, ...(library !== undefined && { REALSENSE2_LIBRARY: library }) }
  if (library === undefined) delete env.REALSENSE2_LIBRARY
  return spawnSync(process.execPath, [script], { env, encoding: 'utf8', timeout: 200_000 })
}

function openError(library?: string): { code: string; message: string } {
  const source = `import { openCamera } from ${api}
    await openCamera().catch((error) => console.log(JSON.stringify({ code: error.code, message: error.message })))`
  const { stdout, stderr } = run(source, library)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** A library that exports every function we need, with the given bodies for two of them. */
function fakeLibrary(name: string, version: number, refusal: string): string {
  const abi = readFileSync(new URL('native/abi.hpp', packageUrl), 'utf8')
  const required = abi.slice(abi.indexOf('define REALSENSE_REQUIRED'), abi.indexOf('/// Without one of these a single'))
  const names = [...required.matchAll(/X\([^,]+, (\w+),/g)].map((match) => match[1]!)
  const own = ['get_api_version', 'create_context', 'get_error_message', 'get_librealsense_exception_type']
  const source = [
    `int rs2_get_api_version(void** error) { return ${version}; }`,
    'void* rs2_create_context(int version, void** error) { static char refused; *error = &refused; return 0; }',
    `const char* rs2_get_error_message(const void* error) { return "${refusal}"; }`,
    'int rs2_get_librealsense_exception_type(const void* error) { return 0; }',
    ...names.filter((symbol) => !own.includes(symbol)).map((symbol) => `void rs2_${symbol}(void) {}`),
  ].join('\n')
  return compiled(name, source)
}

function compiled(name: string, source: string): string {
  writeFileSync(join(folder, `${name}.c`), source)
  const library = join(folder, `${name}.so`)
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, join(folder, `${name}.c`)])
  return library
}

test('importing needs no library; opening without one says what was tried and how to install it', () => {
  const { code, message } = openError()
  expect(code).toBe('LIBRARY_MISSING')
  expect(message).toMatch(/librealsense2\.so\.2\.57, .*librealsense2\.so: cannot open shared object/)
  expect(message).toMatch(/Install librealsense2 .*REALSENSE2_LIBRARY=/s)
})

test('a library that is named is the only one that is tried', () => {
  const { code, message } = openError('/nowhere/librealsense2.so')
  expect(code).toBe('LIBRARY_MISSING')
  expect(message.match(/ {2}- /g)).toHaveLength(1)
  expect(message).toContain('/nowhere/librealsense2.so')
})

test('libraryInfo tells a missing library without throwing, and cameras elsewhere are not touched', () => {
  const { stdout } = run(`import { libraryInfo, listCameras } from ${api}
    const { found, reason } = libraryInfo()
    const listed = await listCameras().catch(({ code }) => code)
    console.log(JSON.stringify({ found, listed, tried: reason.includes('Tried') }))`)
  expect(JSON.parse(stdout)).toEqual({ found: false, listed: 'LIBRARY_MISSING', tried: true })
})

test('a library of another major version is refused in its own words', () => {
  const { code, message } = openError(
    fakeLibrary('newer', 30102, 'API version mismatch: librealsense.so was compiled with 3.1.2'),
  )
  expect(code).toBe('LIBRARY_VERSION')
  expect(message).toMatch(/version 3\.1\.2, which refuses the interface of version 2\.50\.0: API version mismatch/)
})

test('a library that lacks what we need is named as too old, with what it lacks', () => {
  const { code, message } = openError(compiled('older', 'int rs2_get_api_version(void** error) { return 21600; }'))
  expect(code).toBe('LIBRARY_VERSION')
  expect(message).toMatch(/lacks rs2_get_error_message.*rs2_query_devices.*too old/s)
})

test('a library that is no librealsense2 is named as such', () => {
  const { code, message } = openError(compiled('other', 'int hello(void) { return 1; }'))
  expect(code).toBe('LIBRARY_INVALID')
  expect(message).toContain('it is no librealsense2')
})

test('a misspelt option is named with the right spelling, before anything is opened', () => {
  const missing = openErrorOf('{ seriall: "1" }')
  expect(missing).toContain("Did you mean 'serial'?")
  expect(openErrorOf('{ depth: { widht: 640 } }')).toContain("Did you mean 'width'?")
  expect(openErrorOf('{ align: "colour" }')).toContain("one of 'depth', 'color'")
  expect(openErrorOf('{ keep: 0 }')).toContain('an integer from 1 to 32')
  expect(openErrorOf('{ file: "a.bag", serial: "1" }')).toContain('either serial or file')
  expect(openErrorOf('{ preset: "{" }')).toContain('no JSON')
})

function openErrorOf(options: string): string {
  const source = `import { sessionOptions } from ${JSON.stringify(new URL('dist/options.js', packageUrl).href)}
    try { sessionOptions(${options}, 25707); console.log('accepted') } catch (error) { console.log(error.message) }`
  return run(source).stdout
}

const skip = useLibrary('2.57.7')
describe.skipIf(skip !== undefined)('with the real library', () => {
  const library = process.env.REALSENSE2_LIBRARY
  /** A camera that streams, with nobody to close it. */
  const streaming = (serial: string) => `
    import { openCamera } from ${api}
    import { SoftwareCamera } from ${testing}
    const size = { width: 64, height: 48, fx: 60, fy: 60, cx: 32, cy: 24 }
    const software = new SoftwareCamera({ serial: '${serial}', depth: size })
    const camera = await openCamera({ serial: '${serial}', depth: true })
    let number = 0
    setInterval(() => software.inject({ number: ++number, timestampMs: number * 5, depth: new Uint16Array(64 * 48) }), 5)
    await camera.next()
    await camera.next()`

  test('a process that exits with an open camera exits cleanly', () => {
    for (let i = 0; i < 3; i++) {
      const { status, signal, stderr } = run(`${streaming('EXIT')}\nprocess.exit(7)`, library)
      expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: '' })
    }
  })

  test('an open camera that nobody waits for keeps no process alive', () => {
    const source = `${streaming('IDLE').replace('setInterval(', 'const timer = setInterval(')}\nclearInterval(timer)`
    expect(run(source, library)).toMatchObject({ status: 0, signal: null })
  })

  test('a library that never stops a sensor hangs neither close nor the process', () => {
    // The real library behind a shim whose rs2_stop does not return.
    const source = 'void rs2_stop(const void* sensor, void** error) { for (;;) pause(); }'
    writeFileSync(join(folder, 'hanging.c'), `#include <unistd.h>\n${source}`)
    const hanging = join(folder, 'hanging.so')
    const linked = ['-Wl,--no-as-needed', library!, `-Wl,-rpath,${dirname(library!)}`, '-Wl,--allow-shlib-undefined']
    execFileSync('cc', ['-shared', '-fPIC', '-o', hanging, join(folder, 'hanging.c'), ...linked])

    const opened = streaming('HANG').replace('depth: true }', 'depth: true, stopTimeoutMs: 200 }')
    const closed = run(`${opened}\nconsole.log(await camera.close(), camera.state)\nprocess.exit(0)`, hanging)
    expect(closed).toMatchObject({ status: 0, signal: null, stdout: '{ clean: false } closed\n' })
    expect(run(`${opened}\nprocess.exit(0)`, hanging)).toMatchObject({ status: 0, signal: null })
  })

  test('workers with cameras end cleanly: by exit, by terminate, by an error, two at a time', () => {
    const worker = (serial: string, last: string) =>
      `new Worker(${JSON.stringify(`${streaming(serial)}\n${last}`)}, { eval: true, execArgv: ['--input-type=module'] })`
    const source = `
      import { Worker } from 'node:worker_threads'
      import { once } from 'node:events'
      const ended = (worker) => new Promise((resolve) => worker.on('error', () => {}).on('exit', resolve))
      const codes = []
      for (let i = 0; i < 3; i++) {
        const exits = ended(${worker('A', 'process.exit(3)')})
        const throws = ended(${worker('B', "throw new Error('on purpose')")})
        codes.push(await exits, await throws)
        const terminated = ${worker('C', ";(await import('node:worker_threads')).parentPort.postMessage('up')")}
        const exit = ended(terminated)
        await once(terminated, 'message')
        await terminated.terminate()
        codes.push(await exit)
      }
      console.log(JSON.stringify(codes))`
    const { status, signal, stdout, stderr } = run(source, library)
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' })
    expect(JSON.parse(stdout)).toEqual([3, 1, 1, 3, 1, 1, 3, 1, 1])
  })

  test('after a worker took its camera with it, the main thread can open one', () => {
    const inWorker = JSON.stringify(`${streaming('W')}\nprocess.exit(0)`)
    const source = `
      import { Worker } from 'node:worker_threads'
      import { once } from 'node:events'
      await once(new Worker(${inWorker}, { eval: true, execArgv: ['--input-type=module'] }), 'exit')
      ${streaming('M')}
      console.log(camera.state)
      await camera.close()
      process.exit(0)`
    expect(run(source, library)).toMatchObject({ status: 0, stdout: 'streaming\n' })
  })
})

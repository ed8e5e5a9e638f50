import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockFolder, whileLocked } from '../../src/io/folder-lock.js'

let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-lock-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

test('the second is told which process is at work, by whatever path it comes', async () => {
  const folder = join(out, 'taken')
  const lock = await lockFolder(folder, 'cliport record')
  symlinkSync(folder, join(out, 'alias'))
  await expect(lockFolder(join(out, 'alias'), 'cliport eval')).rejects.toMatchObject({
    code: 'FOLDER_BUSY',
    message: expect.stringContaining(`cliport record, process ${process.pid}`),
  })
  await lock.release()
  await (await lockFolder(folder, 'cliport eval')).release()
})

test('another folder is not concerned, and a failure gives the folder back', async () => {
  const folder = join(out, 'failed')
  await expect(whileLocked(folder, 'a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await whileLocked(folder, 'b', async () => (await lockFolder(join(out, 'other'), 'c')).release())
})

test('what a killed process held is free at once', async () => {
  const folder = join(out, 'killed')
  const module = JSON.stringify(resolve('dist/io/folder-lock.js'))
  const program = `import { lockFolder } from ${module}; await lockFolder(process.argv[1], 'x'); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
    stdio: ['ignore', 'pipe', 2],
  })
  await once(child.stdout!, 'data')
  await expect(lockFolder(folder, 'y')).rejects.toMatchObject({ code: 'FOLDER_BUSY' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder, 'y')).release()
})

test('a place where no folder can be made is a typed error', async () => {
  writeFileSync(join(out, 'file'), '')
  await expect(lockFolder(join(out, 'file', 'below'), 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  await expect(lockFolder('/proc/1/x', 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

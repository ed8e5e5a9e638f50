// What a run asks of the scheduler, seen from outside. Only root may ask for it.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { projectPath } from '../../src/native/paths.js'

const group = '/proc/self/autogroup'
const module = projectPath('dist/runtime/thread-priority.js')
const script = `
  import { readFileSync } from 'node:fs'
  import { getPriority } from 'node:os'
  const { raiseThreadPriority } = await import(${JSON.stringify(module)})
  raiseThreadPriority()
  console.log(getPriority(), readFileSync('${group}', 'utf8').trim().split(' ').at(-1))`

test.skipIf(process.getuid?.() !== 0 || !existsSync(group))(
  'the thread goes first in its session, and the session before others, until the process ends',
  async () => {
    // A session of its own, so that the one of the tests stays what it is.
    const { stdout } = await promisify(execFile)('setsid', [
      '--wait',
      'sh',
      '-c',
      `"$0" --input-type=module -e "$1"; cat ${group}`,
      process.execPath,
      script,
    ])
    const [during, after] = stdout.trim().split('\n')
    expect(during).toBe('-10 -10')
    expect(after).toMatch(/nice 0$/)
  },
)

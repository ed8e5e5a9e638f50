import { execFileSync } from 'node:child_process'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { shellCommand, shellQuote } from '../../src/control/shell-quote.js'

test('what means nothing to a shell stays as it is', () => {
  expect(shellCommand('cliport', 'run', '--robot', 'tcp://10.0.0.2:5600')).toBe(
    'cliport run --robot tcp://10.0.0.2:5600',
  )
})

test('a path with blanks and quotes is one word', () => {
  expect(shellQuote("/home/a b/it's")).toBe(`'/home/a b/it'\\''s'`)
})

const word = fc.string({
  unit: fc.constantFrom("'", '"', ' ', '$', '`', '\\', '!', '*', '\n', 'a', 'é', '😀'),
  maxLength: 12,
})

propertyTest.prop([fc.array(word, { maxLength: 6 })], { numRuns: 20 })(
  'a shell reads every word back unchanged',
  (words) => {
    const command = shellCommand('printf', '%s\\0', '', ...words)
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' }).split('\0').slice(1, -1)).toEqual(words)
  },
)

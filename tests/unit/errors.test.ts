import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/control/errors.js'

const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| ([A-Z_]+) \| (.+) \|$/gm)]

test.each([...errorCodes])('%s has a row in docs/errors.md with meaning, cause and remedy', (code) => {
  const row = documented.find(([, name]) => name === code)
  expect(row?.[2]?.split(' | ').filter((cell) => cell.trim() !== '')).toHaveLength(3)
})

test('docs/errors.md explains no code that does not exist, and none twice', () => {
  expect(documented.map(([, name]) => name).sort()).toEqual([...errorCodes].sort())
})

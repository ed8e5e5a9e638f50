// Sums the reports of GoogleTest and of each group of vitest into one closing line: NATIVE.json VITEST.json...
import { readFileSync } from 'node:fs'

const [native, ...groups] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))
const total = (key) => groups.reduce((sum, group) => sum + group[key], 0)
const failed = native.failures + total('numFailedTests')
const skipped = native.disabled + total('numPendingTests') + total('numTodoTests')
const passed = native.tests - native.failures - native.disabled + total('numPassedTests')
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)

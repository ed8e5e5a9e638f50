// Sums the reports of GoogleTest and vitest into one closing line.
import { readFileSync } from 'node:fs'

const [nativePath, tsPath] = process.argv.slice(2)
const native = JSON.parse(readFileSync(nativePath, 'utf8'))
const ts = JSON.parse(readFileSync(tsPath, 'utf8'))
const failed = native.failures + ts.numFailedTests
const skipped = native.disabled + ts.numPendingTests + ts.numTodoTests
const passed = native.tests - native.failures - native.disabled + ts.numPassedTests
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)

// Sums the reports of GoogleTest and of each group of vitest: NATIVE.json VITEST.json...
// Prints every failed test with its first message, so that the end of a long output says what failed, then one closing
// line with the counts.
import { existsSync, readFileSync } from 'node:fs'

const paths = process.argv.slice(2)
const missing = paths.filter((path) => !existsSync(path))
if (missing.length > 0) {
  console.log(`no report, the tests of this part were ended before their last: ${missing.join(', ')}`)
  process.exit(1)
}
const [native, ...groups] = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')))

const failures = [
  ...native.testsuites.flatMap((suite) =>
    suite.testsuite
      .filter((test) => test.failures)
      .map((test) => ({ name: `${suite.name}.${test.name}`, message: test.failures[0].failure })),
  ),
  ...groups.flatMap((group) =>
    group.testResults.flatMap((file) => {
      const tests = file.assertionResults
        .filter((test) => test.status === 'failed')
        .map((test) => ({ name: `${file.name}: ${test.fullName}`, message: test.failureMessages[0] }))
      // A file that could not be loaded has no tests.
      return tests.length || file.status !== 'failed' ? tests : [{ name: file.name, message: file.message }]
    }),
  ),
]
for (const { name, message } of failures) {
  console.log(`failed: ${name}`)
  console.log(String(message).split('\n').slice(0, 12).join('\n').replace(/^/gm, '    '))
}

const total = (key) => groups.reduce((sum, group) => sum + group[key], 0)
const failed = native.failures + total('numFailedTests')
const skipped = native.disabled + total('numPendingTests') + total('numTodoTests')
const passed = native.tests - native.failures - native.disabled + total('numPassedTests')
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)

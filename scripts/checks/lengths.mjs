// No function over 80 lines and no file over 400, in TypeScript, C++ and Python; no import cycle in Python. Exceptions
// are rows of docs/decisions/long-files.md; a row that is not needed any more is a problem too.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cppFunctions } from './cpp-functions.mjs'
import { finish, root, sourceFiles } from './files.mjs'
import { tsFunctions } from './ts-functions.mjs'

export const mostLines = { function: 80, file: 400 }
const folders = ['src', 'native', 'packages', 'models', 'tests', 'scripts', 'benchmarks', 'examples']
const decisions = 'docs/decisions/long-files.md'

const textOf = (file) => readFileSync(join(root, file), 'utf8')
const lineCount = (text) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** Rows `| path | reason |`, where path is a file, or `file: function`. */
export function exceptionsOf(page) {
  const rows = [...page.matchAll(/^\| `([^`]+)` \| *([^|]*?) *\|$/gm)]
  return new Map(rows.map(([, path, reason]) => [path, reason]))
}

/** @param measured {path, kind, line?, lines} of every file and function */
export function lengthProblems(measured, exceptions) {
  const long = measured.filter(({ kind, lines }) => lines > mostLines[kind])
  const needed = new Set(long.map(({ path }) => path))
  return [
    ...long
      .filter(({ path }) => !exceptions.get(path))
      .map(({ path, kind, line, lines }) => {
        const where = line === undefined ? path : `${path} (line ${line})`
        return `${where}: ${lines} lines, at most ${mostLines[kind]} for a ${kind}; split it, or give a reason in ${decisions}`
      }),
    ...[...exceptions.keys()]
      .filter((path) => !needed.has(path))
      .map((path) => `${decisions}: ${path} is not too long`),
  ]
}

function pythonStructure() {
  const files = sourceFiles(['.py'], folders)
  const script = join(root, 'scripts/checks/python_structure.py')
  return JSON.parse(execFileSync('python3', [script, ...files], { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 }))
}

function main() {
  const problems = []
  const measured = []
  const add = (file, functions) => {
    measured.push({ path: file, kind: 'file', lines: lineCount(textOf(file)) })
    for (const { name, line, lines } of functions) {
      measured.push({ path: `${file}: ${name}`, kind: 'function', line, lines })
    }
  }
  for (const file of sourceFiles(['.ts', '.tsx', '.mjs', '.cjs'], folders)) add(file, tsFunctions(file, textOf(file)))
  for (const file of sourceFiles(['.cpp', '.cu', '.hpp'], folders)) {
    try {
      add(file, cppFunctions(textOf(file)))
    } catch (error) {
      problems.push(`${file}: ${error.message}`)
    }
  }
  const { functions, cycles } = pythonStructure()
  for (const file of sourceFiles(['.py'], folders))
    add(
      file,
      functions.filter((entry) => entry.file === file),
    )
  for (const cycle of cycles) problems.push(`import cycle in Python: ${[...cycle, cycle[0]].join(' -> ')}`)
  finish('lengths', [...problems, ...lengthProblems(measured, exceptionsOf(textOf(decisions)))])
}

if (import.meta.filename === process.argv[1]) main()

// What the checks share: the repository's source files and the end of a check.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Files that git tracks or would track, below `folders` (all without any), that exist. */
export function sourceFiles(extensions, folders = []) {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...folders], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  const matches = (file) => extensions.some((extension) => file.endsWith(extension))
  return [...new Set(list.split('\n'))].filter((file) => matches(file) && existsSync(`${root}/${file}`)).sort()
}

/** Prints every problem and sets the exit code. */
export function finish(name, problems) {
  for (const problem of problems) console.error(`${name}: ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

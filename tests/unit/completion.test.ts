// What `cliport completion` prints, run by the shells that this machine has: bash always, zsh and fish where installed.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { completionScript, type Shell, shells } from '../../src/cli/completion-scripts.js'
import { createProgram } from '../../src/cli/program.js'

const program = await createProgram({ help: () => {}, mistake: () => {} })
const folder = mkdtempSync(join(tmpdir(), 'cliport-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))
for (const shell of shells) writeFileSync(join(folder, shell), completionScript(shell, program))

/** Each shell's own way to be asked what completes a line; what it answers is a word a line, without descriptions. */
const ask: Record<Shell, (words: readonly string[]) => string> = {
  bash: (words) => `source ./bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length - 1}; _cliport; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (words) => `compdef() { : }; compadd() { shift; print -l -- $@ }; _files() { print FILES }
    _describe() { print -l -- \${(P)@[-1]} | sed 's/:.*//' }
    source ./zsh; words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _cliport`,
  fish: (words) => `source ./fish; complete -C '${words.join(' ')}' | string split -f1 \\t; true`,
}

function completions(shell: Shell, ...words: string[]): string[] {
  const last = words.at(-1)!
  const answer = execFileSync(shell, ['-c', ask[shell](words)], { cwd: folder, encoding: 'utf8' })
  return answer.split('\n').filter((word) => word !== '' && word.startsWith(last))
}

const isInstalled = (shell: Shell) => spawnSync(shell, ['-c', 'true']).status === 0

test.for(shells)('%s completes verbs, options and listed values', (shell, { skip }) => {
  if (!isInstalled(shell)) {
    expect(shell, 'bash is on every machine').not.toBe('bash')
    skip(`${shell} is not installed`)
  }
  expect(completions(shell, 'cliport', 'do')).toEqual(['doctor'])
  expect(completions(shell, 'cliport', 'link', 'st')).toEqual(['status'])
  expect(completions(shell, 'cliport', 'run', '--see')).toEqual(['--seed'])
  expect(completions(shell, 'cliport', 'link', 'jog', '--see')).toEqual([])
  expect(completions(shell, 'cliport', 'eval', '--link', 'in')).toEqual(['in-process'])
  expect(completions(shell, 'cliport', 'completion', 'fi')).toEqual(['fish'])
})

test('in bash a value that is not listed is left to the names of files', () => {
  expect(completions('bash', 'cliport', 'run', '--config', '')).toEqual([])
  expect(execFileSync('bash', ['-c', 'source ./bash; complete -p cliport'], { cwd: folder, encoding: 'utf8' })).toBe(
    'complete -o bashdefault -o default -F _cliport cliport\n',
  )
})

// docs/commands.md is made from the program, and the program describes itself.

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { commandsPage } from '../../scripts/document-commands.mjs'
import { createProgram, exitCodes } from '../../src/cli/program.js'

const program = await createProgram({ help: () => {}, mistake: () => {} })

test('docs/commands.md is what scripts/document-commands.mjs makes from the program', () => {
  const page = readFileSync('docs/commands.md', 'utf8')
  expect(page).toBe(commandsPage(program, exitCodes))
  expect(page).toContain('## cliport link jog')
})

test('every verb, argument and option says what it is, and no text depends on the machine', () => {
  const described = (command: Command): [where: string, text: string][] => [
    [command.name(), command.description()],
    ...command.registeredArguments.map((one): [string, string] => [`${command.name()} ${one.name()}`, one.description]),
    ...command.options.map((one): [string, string] => [`${command.name()} ${one.flags}`, one.description]),
    ...command.commands.flatMap(described),
  ]
  const all = described(program)
  expect(all.length).toBeGreaterThan(100)
  expect(all.filter(([where, text]) => text.trim() === '' && !where.includes('--version'))).toEqual([])
  expect(commandsPage(program, exitCodes)).not.toContain(process.cwd())
})

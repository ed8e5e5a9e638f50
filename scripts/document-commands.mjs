// Writes docs/commands.md from the program itself: node scripts/document-commands.mjs (after make setup).
// tests/unit/commands.test.ts fails when the page is not what this writes.

import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * The page: every verb with its arguments, options, defaults and choices.
 * @param program commander's program (createProgram)
 * @param exitCodes what each exit code means
 */
export function commandsPage(program, exitCodes) {
  const verbs = leavesOf(program, program.name())
  return `${[
    '# Commands',
    'Made by `node scripts/document-commands.mjs` from the program; do not edit. `npx cliport VERB --help` prints the same.',
    program.description(),
    table(
      ['verb', 'what it does'],
      verbs.map(({ path, command }) => [link(path), command.description()]),
    ),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      exitCodes.map(([code, meaning]) => [`${code}`, meaning]),
    ),
    'Errors have a code of their own: docs/errors.md. With `--json` the last line of standard output is one JSON object, also after an error: `{"outcome":"error","error":{"code","stage","message","hint"}}`.',
    ...verbs.flatMap(sectionOf),
  ].join('\n\n')}\n`
}

/** The commands that do something, in the order of the help text. */
export function leavesOf(command, path) {
  if (command.commands.length === 0) return [{ path, command }]
  return command.commands.flatMap((child) => leavesOf(child, `${path} ${child.name()}`))
}

function sectionOf({ path, command }) {
  const synopsis = [path, ...command.registeredArguments.map(argumentName), '[options]'].join(' ')
  const rows = [
    ...command.registeredArguments.map((one) => [
      `\`${argumentName(one)}\``,
      meaningOf(one),
      one.required ? 'required' : defaultOf(one),
    ]),
    ...command.options
      .filter(({ hidden }) => !hidden)
      .map((one) => [`\`${one.flags}\``, meaningOf(one), one.mandatory ? 'required' : defaultOf(one)]),
  ]
  return [
    `## ${path}`,
    `${sentence(command.description())}`,
    `\`\`\`\n${synopsis}\n\`\`\``,
    table(['argument or option', 'meaning', 'default'], rows),
  ]
}

export function argumentName(argument) {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

/** Its description, and the values that it may have. The default in the text of an option goes to its own column. */
export function meaningOf({ description, argChoices }) {
  const text = description.replace(settingsDefault, '')
  return argChoices === undefined ? text : `${text}: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`
}

const settingsDefault = / \(default: ([^()]*)\)$/

export function defaultOf(one) {
  const { description, defaultValue, defaultValueDescription } = one
  const told = settingsDefault.exec(description)?.[1]
  if (told !== undefined) return told
  if (defaultValueDescription !== undefined) return defaultValueDescription
  const isFlag = 'flags' in one && !one.required && !one.optional
  return isFlag || defaultValue === undefined || defaultValue === '' ? '' : `\`${defaultValue}\``
}

export function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`
}

function link(path) {
  return `[${path}](#${path.replaceAll(' ', '-')})`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { createProgram, exitCodes } = await import('../dist/cli/program.js')
  const program = await createProgram({ help: () => {}, mistake: () => {} })
  writeFileSync(new URL('../docs/commands.md', import.meta.url), commandsPage(program, exitCodes))
}

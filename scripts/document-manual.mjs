// Manual pages, made from the program itself: node scripts/document-manual.mjs FOLDER (after make setup).
// cliport(1), a page for each verb, and cliport-controller(8) from what that program says of itself.

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { argumentName, defaultOf, leavesOf, meaningOf, sentence } from './document-commands.mjs'

const seeAlso = 'All of the documentation: /usr/share/doc/cliport-edge.'

/** Text that troff takes as it is. */
export function escaped(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replaceAll('`', '')
}

const bold = (text) => `\\fB${escaped(text)}\\fR`
const italic = (text) => `\\fI${escaped(text)}\\fR`
const titled = (name, section, title, parts) =>
  `.TH ${name.toUpperCase()} ${section} "" cliport "${title}"\n${parts.join('\n')}\n`
const heading = (name, ...lines) => [`.SH ${name}`, ...lines].join('\n')
const entry = (term, text) => `.TP\n${term}\n${escaped(text)}`

/** The overview: what verbs there are, exit codes, environment and files. */
export function programPage(program, exitCodes) {
  return titled('cliport', 1, 'cliport manual', [
    heading('NAME', `cliport \\- ${escaped('closed-loop pick and place by sentences')}`),
    heading('SYNOPSIS', `${bold('cliport')} ${italic('VERB')} [${italic('argument')}...] [${italic('option')}...]`),
    heading('DESCRIPTION', escaped(program.description())),
    heading(
      'VERBS',
      ...leavesOf(program, 'cliport').map(({ path, command }) => entry(bold(path), sentence(command.description()))),
    ),
    heading('EXIT STATUS', ...exitCodes.map(([code, meaning]) => entry(bold(`${code}`), sentence(meaning)))),
    heading(
      'ENVIRONMENT',
      entry(bold('CLIPORT_CONFIG'), 'Settings, unless --config names others.'),
      entry(
        `${bold('CLIPORT_')}${italic('SECTION_KEY')}`,
        'One setting, for example CLIPORT_POLICY_THREADS=2; above the file, below an option.',
      ),
      entry(bold('CLIPORT_ROBOT_KEYS'), 'Folder of the keys of the link.'),
    ),
    heading(
      'FILES',
      entry(
        bold('/etc/cliport/config.yaml'),
        'Settings of this machine: used when neither --config nor CLIPORT_CONFIG names others.',
      ),
      entry(bold('/var/lib/cliport'), 'Queue, token and runs of cliport.service.'),
      entry(bold('/var/lib/cliport-keys'), 'Keys of the link, of both services.'),
    ),
    heading('SEE ALSO', `${bold('cliport-controller')}(8). ${escaped(seeAlso)}`),
  ])
}

/** The page of one verb. */
export function verbPage({ path, command }) {
  const name = path.replaceAll(' ', '-')
  const words = command.registeredArguments.map((one) => ` ${italic(argumentName(one))}`).join('')
  const described = (term, one, isRequired) => {
    const value = defaultOf(one)
    return entry(
      term,
      `${sentence(meaningOf(one))}${isRequired ? ' Required.' : value === '' ? '' : ` Default: ${value}.`}`,
    )
  }
  return titled(name, 1, 'cliport manual', [
    heading('NAME', `${escaped(name)} \\- ${escaped(command.description())}`),
    heading('SYNOPSIS', `${bold(path)}${words} [${italic('option')}...]`),
    heading('DESCRIPTION', escaped(sentence(command.description()))),
    ...(command.registeredArguments.length === 0
      ? []
      : [
          heading(
            'ARGUMENTS',
            ...command.registeredArguments.map((one) => described(italic(argumentName(one)), one, one.required)),
          ),
        ]),
    heading(
      'OPTIONS',
      ...command.options.filter(({ hidden }) => !hidden).map((one) => described(bold(one.flags), one, one.mandatory)),
    ),
    heading('SEE ALSO', `${bold('cliport')}(1)`),
  ])
}

/** The controller's own help, as it prints it. */
export function controllerPage(help) {
  return titled('cliport-controller', 8, 'cliport manual', [
    heading('NAME', 'cliport\\-controller \\- the 1 kHz loop of a robot arm, and the sockets of its link'),
    heading('SYNOPSIS', `${bold('cliport-controller')} [${italic('option')}...]`),
    heading('DESCRIPTION', '.nf', escaped(help.slice(help.indexOf('\n') + 1).trim()), '.fi'),
    heading(
      'FILES',
      entry(bold('/etc/default/cliport-controller'), 'Options of cliport-controller.service.'),
      entry(bold('/etc/cliport/controller-limits.txt'), 'Limits that no peer can widen.'),
    ),
    heading('SEE ALSO', `${bold('cliport')}(1)`),
  ])
}

/** Writes every page into a folder. */
export async function writeManual(folder) {
  const { createProgram, exitCodes } = await import('../dist/cli/program.js')
  const program = await createProgram({ help: () => {}, mistake: () => {} })
  const controller = fileURLToPath(new URL('../build/native/cliport-controller', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'cliport.1'), programPage(program, exitCodes))
  for (const leaf of leavesOf(program, 'cliport')) {
    writeFileSync(join(folder, `${leaf.path.replaceAll(' ', '-')}.1`), verbPage(leaf))
  }
  const help = execFileSync(controller, ['--help'], { encoding: 'utf8' })
  writeFileSync(join(folder, 'cliport-controller.8'), controllerPage(help))
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await writeManual(process.argv[2] ?? 'build/man')

// cliport config check | show | explain | migrate

import { copyFile, readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import pc from 'picocolors'
import { stringify } from 'yaml'
import { migrateSettings } from '../runtime/config/edit.js'
import { readConfig } from '../runtime/config/load.js'
import { explainSettings, type Setting, settingsReference } from '../runtime/config/reference.js'
import { type CommonOptions, runVerb, sourcesFor, type VerbResult, withCommonOptions } from './context.js'

interface ShowOptions extends CommonOptions {
  readonly origin?: boolean
}

interface MigrateOptions extends CommonOptions {
  readonly write?: boolean
}

export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('the settings: what is wrong, what holds and why, what each means')
  withCommonOptions(
    config.command('check').description('tell every problem of the settings, with line and column'),
  ).action((options: CommonOptions) => runVerb(options, () => check(options)))
  withCommonOptions(
    config.command('show').description('the settings that hold: flag over environment over file over default'),
  )
    .option('--origin', 'where each comes from')
    .action((options: ShowOptions) => runVerb(options, () => show(options)))
  withCommonOptions(config.command('explain').description('what a setting means, its unit, bounds and default'))
    .argument('[setting]', 'section.key, or a section; absent: all of them')
    .action((setting: string | undefined, options: CommonOptions) => runVerb(options, async () => explain(setting)))
  withCommonOptions(config.command('migrate').description('a settings file of an earlier release as this one has it'))
    .argument('<file>', 'settings file')
    .option('--write', 'change the file, and keep the old one as FILE.old; without it the new text is printed')
    .action((file: string, options: MigrateOptions) => runVerb(options, () => migrate(file, options)))
}

const readingOf = (options: CommonOptions) => readConfig(sourcesFor(options))

async function check(options: CommonOptions): Promise<VerbResult> {
  const { problems } = await readingOf(options)
  return {
    exitCode: problems.length === 0 ? 0 : 2,
    json: { ok: problems.length === 0, problems },
    lines: problems.length === 0 ? ['the settings are valid'] : problems,
  }
}

async function show(options: ShowOptions): Promise<VerbResult> {
  const { config, problems, originOf } = await readingOf(options)
  if (config === null) return { exitCode: 2, json: { ok: false, problems }, lines: problems }
  const origins = Object.fromEntries(settingsReference().map(({ path }) => [path, originOf(path)]))
  if (!options.origin) return { exitCode: 0, json: { settings: config }, lines: [stringify(config).trim()] }
  const sections = config as unknown as Record<string, Record<string, unknown>>
  const lines = Object.entries(origins).flatMap(([path, origin]) => {
    const [section, key] = path.split('.') as [string, string]
    const value = sections[section]?.[key]
    return value === undefined ? [] : [`${path} = ${JSON.stringify(value)}  ${pc.dim(origin)}`]
  })
  return { exitCode: 0, json: { settings: config, origins }, lines }
}

async function explain(setting: string | undefined): Promise<VerbResult> {
  const settings = setting === undefined ? settingsReference() : explainSettings(setting)
  return { exitCode: 0, json: { settings }, lines: settings.flatMap(linesOf) }
}

function linesOf({ path, type, allowed, default: fallback, description, variable }: Setting): string[] {
  const bounds = allowed === '' ? '' : `, ${allowed}`
  return [
    `${pc.bold(path)}  ${type}${bounds}, default ${JSON.stringify(fallback) ?? 'none'}`,
    ...(description === '' ? [] : [`  ${description}`]),
    pc.dim(`  ${variable}`),
  ]
}

async function migrate(file: string, { write = false }: MigrateOptions): Promise<VerbResult> {
  const old = await readFile(file, 'utf8')
  const { text, changes } = migrateSettings(old, file)
  if (write && changes.length > 0) {
    await copyFile(file, `${file}.old`)
    await writeFile(file, text)
  }
  const told = changes.length === 0 ? [`${file} is as this release has it`] : changes
  return {
    exitCode: 0,
    json: { file, changes, written: write && changes.length > 0, text },
    lines: write ? told : [...told.map((line) => `# ${line}`), text.trimEnd()],
  }
}

// Settings from four places: flag over environment over file over default. All problems are told at once, each with
// where it stands and, for a name that nobody knows, the nearest one that exists.

import { readFile } from 'node:fs/promises'
import { LineCounter, parse, parseDocument } from 'yaml'
import type { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { nearest } from '../../control/nearest.js'
import { isPosePath } from '../../io/cameras/schema.js'
import { knownKeys } from '../../io/schema-issues.js'
import { policyBelow, policyKeysOf } from './policy.js'
import { type Config, configKeys, configSchema } from './schema.js'

/** Where settings come from; a flag overrides the environment, that the file, that the defaults. */
export interface ConfigSources {
  /** Path of a YAML file; absent: none. */
  readonly file?: string | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** 'section.key' -> value, of the flags that were given. */
  readonly flags?: Readonly<Record<string, unknown>>
}

/** @throws CliportError CONFIG_INVALID with one line a problem; POSE_INVALID where cameras' poses are all that is wrong */
export async function loadConfig({ file, environment = {}, flags = {} }: ConfigSources): Promise<Config> {
  const text = file === undefined ? null : await readText(file)
  return mergeConfig(text === null ? null : { text, name: file! }, environment, flags)
}

/** The same for whoever wants every problem, and where each value comes from. @throws CliportError CONFIG_INVALID for a file that cannot be read */
export async function readConfig({ file, environment = {}, flags = {} }: ConfigSources): Promise<SettingsReading> {
  const text = file === undefined ? null : await readText(file)
  return readSettings(text === null ? null : { text, name: file! }, environment, flags)
}

/** The same without the disk. */
export function mergeConfig(
  file: SettingsText | null,
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, unknown>>,
): Config {
  const { config, problems, areOfPoses } = readSettings(file, environment, flags)
  if (config !== null) return config
  throw new CliportError(
    areOfPoses ? 'POSE_INVALID' : 'CONFIG_INVALID',
    `The settings have ${problems.length} problem(s):\n  ${problems.join('\n  ')}`,
    {
      stage: 'config',
      hint: 'config/default.yaml lists every setting with its unit and default',
    },
  )
}

/** A settings file. */
export interface SettingsText {
  readonly text: string
  /** As problems have it. */
  readonly name: string
}

/** What four places say together. */
export interface SettingsReading {
  /** Null when there are problems. */
  readonly config: Config | null
  /** One line each, with file, line and column where it stands in one. */
  readonly problems: readonly string[]
  /** What was given, before it was checked. */
  readonly given: Readonly<Record<string, unknown>>
  /** Cameras' poses are all that is wrong. */
  readonly areOfPoses: boolean
  /** Where the value of 'section.key' comes from: 'flag', 'environment NAME', 'FILE:LINE:COLUMN' or 'default'. */
  readonly originOf: (path: string) => string
}

/** Every setting and every problem; throws for none of them. */
export function readSettings(
  file: SettingsText | null,
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, unknown>>,
): SettingsReading {
  const problems: string[] = []
  /** 'section.key' -> where its value came from. */
  const origins = new Map<string, string>()
  const merged: Record<string, unknown> = { version: 1 }
  const place = file === null ? () => '' : readFileLayer(file, merged, problems)
  const ofFile = structuredClone(merged)

  const set = (path: string, value: unknown, origin: string) => {
    const [section, key] = path.split('.') as [string, string]
    const old = isObject(merged[section]) ? merged[section] : {}
    merged[section] = { ...(section === 'policy' ? policyBelow(old, key) : old), [key]: value }
    origins.set(path, origin)
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('CLIPORT_') || value === undefined || notSettings.has(name)) continue
    const path = settingOfVariable.get(name)
    if (path === undefined)
      problems.push(`environment: unknown variable ${name}${hint(name, [...settingOfVariable.keys()])}`)
    else set(path, scalarOf(value), `environment ${name}`)
  }
  for (const [path, value] of Object.entries(flags)) {
    if (value !== undefined) set(path, value, 'flag')
  }

  const result = configSchema.safeParse(merged)
  const issues = result.error?.issues ?? []
  for (const issue of issues) problems.push(...describe(issue, merged, origins, place))
  return {
    config: result.success && problems.length === 0 ? result.data : null,
    problems,
    given: merged,
    areOfPoses: problems.length === issues.length && issues.every(({ path }) => isPosePath(path)),
    originOf(path) {
      const higher = origins.get(path)
      if (higher !== undefined) return higher
      const keys = path.split('.')
      const inFile = keys.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), ofFile)
      return file === null || inFile === undefined ? 'default' : place(keys).replace(/: $/, '')
    },
  }
}

/** Variables that are no settings. */
const notSettings = new Set(['CLIPORT_CONFIG', 'CLIPORT_PYTHON'])

const settingOfVariable = new Map(
  Object.entries(configKeys).flatMap(([section, keys]) =>
    keys.map((key) => [`CLIPORT_${section}_${key}`.toUpperCase(), `${section}.${key}`] as const),
  ),
)

type Place = (path: readonly PropertyKey[], atKey?: string) => string

/** Fills `merged` from a file and returns the function that says where in the file something stands. */
function readFileLayer(
  { text, name }: { text: string; name: string },
  merged: Record<string, unknown>,
  problems: string[],
): Place {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}: `
  }
  for (const problem of [...document.errors, ...document.warnings]) problems.push(at(problem.pos[0]) + problem.message)
  if (document.errors.length > 0) return () => ''
  const content: unknown = document.toJS()
  if (!isObject(content)) {
    problems.push(
      `${name}:1:1: expected a mapping that begins with "version: 1" but received ${describeValue(content)}`,
    )
    return () => ''
  }
  delete merged.version
  Object.assign(merged, content)
  return (path, key) => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
    const pairs = (node as { items?: { key?: { value?: unknown; range?: number[] } }[] } | undefined)?.items
    const range =
      key === undefined
        ? (node as { range?: number[] } | undefined)?.range
        : pairs?.find((pair) => pair.key?.value === key)?.key?.range
    return range === undefined ? `${name}: ` : at(range[0]!)
  }
}

function describe(
  issue: z.core.$ZodIssue,
  merged: Record<string, unknown>,
  origins: ReadonlyMap<string, string>,
  place: Place,
): string[] {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const [section] = issue.path
    const known = section === 'policy' ? policyKeysOf(merged.policy) : knownKeys(configSchema, issue.path)
    return issue.keys.map((key) => {
      const full = path === '' ? key : `${path}.${key}`
      const origin = origins.get(full)
      const what = configKeys[path]?.includes(key)
        ? `${full} does not go with the other settings of ${path}, which has ${known.join(', ')}`
        : `unknown setting ${full}${hint(key, known)}`
      return `${origin === undefined ? place(issue.path, key) : `${origin}: `}${what}`
    })
  }
  const received = issue.path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    merged,
  )
  const origin = origins.get(path)
  const where = origin === undefined ? place(issue.path) : `${origin}: `
  return [`${where}${path || 'settings'}: ${issue.message}, received ${describeValue(received)}`]
}

function hint(name: string, known: readonly string[]): string {
  const right = nearest(name, known)
  return right === null ? '' : `, did you mean ${right}?`
}

function scalarOf(value: string): unknown {
  try {
    return parse(value)
  } catch {
    return value
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describeValue(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliportError('CONFIG_INVALID', `Could not read the settings file ${file}: ${(cause as Error).message}`, {
      stage: 'config',
      hint: 'Give an existing YAML file to --config, or leave it out for the defaults',
      cause,
    })
  }
}

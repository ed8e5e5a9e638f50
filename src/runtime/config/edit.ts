// Changes to a settings file that keep everything else of it, its comments too.

import { isDeepStrictEqual } from 'node:util'
import { isMap, parseDocument } from 'yaml'
import { CliportError } from '../../control/errors.js'
import { settingsReference } from './reference.js'

/** What was renamed or taken out since a release, oldest first. */
const changes: readonly { readonly path: readonly string[]; readonly since: string; readonly why: string }[] = [
  { path: ['log'], since: '0.2.0', why: 'the section `log` had no effect and is gone' },
]

/** A file of an earlier release as this one has it, and one line a change. */
export interface Migrated {
  readonly text: string
  readonly changes: readonly string[]
}

/** @throws CliportError CONFIG_INVALID for what is no YAML mapping */
export function migrateSettings(text: string, name: string): Migrated {
  const document = parsed(text, name)
  const done: string[] = []
  for (const { path, since, why } of changes) {
    if (document.deleteIn(path)) done.push(`${path.join('.')}: ${why} (${since})`)
  }
  if (!document.has('version')) {
    document.set('version', 1)
    done.push('version: 1 is written now; every file begins with it')
  }
  return { text: done.length === 0 ? text : document.toString({ lineWidth: 0 }), changes: done }
}

/**
 * The file with these settings changed.
 * @param values 'section.key' -> value; only what the page may change
 * @throws CliportError SERVICE_REFUSED for a setting that is changed in the file only; CONFIG_INVALID for what is no YAML
 */
export function changeSettings(text: string, name: string, values: Readonly<Record<string, unknown>>): string {
  const document = parsed(text === '' ? 'version: 1\n' : text, name)
  const editable = new Set(settingsReference().flatMap(({ path, editable: may }) => (may ? [path] : [])))
  for (const [path, value] of Object.entries(values)) {
    if (!editable.has(path)) throw changedInFileOnly(path)
    document.setIn(path.split('.'), value)
  }
  return document.toString({ lineWidth: 0 })
}

/**
 * A whole new text for a settings file, from the page. A section of which the page may change nothing stays as it is, wrong
 * or not: a limit that is misspelt must not become the default by being taken out.
 * @throws CliportError SERVICE_REFUSED where it differs in a setting that is changed in the file only
 */
export function expectSameProtected(oldText: string, newText: string): void {
  const [before, now] = [oldText, newText].map((text) => toObject(text))
  const reference = settingsReference()
  const mixed = new Set(reference.flatMap(({ section, editable: may }) => (may ? [section] : [])))
  const protectedPaths = reference.flatMap(({ path, section, editable: may }) =>
    may ? [] : [mixed.has(section) ? path : section],
  )
  for (const path of new Set([...protectedPaths, 'cameras'])) {
    if (isDeepStrictEqual(valueAt(before, path), valueAt(now, path))) continue
    throw changedInFileOnly(path)
  }
}

function toObject(text: string): unknown {
  // Of a text that is no YAML whatever can be read of it.
  const document = parseDocument(text)
  return isMap(document.contents) ? document.contents.toJS(document) : {}
}

function valueAt(object: unknown, path: string): unknown {
  const step = (at: unknown, key: string) =>
    typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined
  return path.split('.').reduce(step, object)
}

function changedInFileOnly(path: string): CliportError {
  return new CliportError('SERVICE_REFUSED', `The setting ${path} is changed in the file only`, {
    stage: 'config',
    hint: 'Limits, paths, addresses and executables are for whoever may write the settings file',
  })
}

function parsed(text: string, name: string) {
  const document = parseDocument(text)
  const [problem] = document.errors
  if (problem === undefined && isMap(document.contents)) return document
  throw new CliportError(
    'CONFIG_INVALID',
    `${name}: ${problem?.message ?? 'expected a mapping that begins with "version: 1"'}`,
    {
      stage: 'config',
      hint: 'cliport config check says where',
    },
  )
}

// What each setting is, from the schema: for `cliport config explain`, docs/settings.md and the page's form.

import { readFileSync } from 'node:fs'
import { type Document, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { nearest } from '../../control/nearest.js'
import { projectPath } from '../../native/paths.js'
import { configKeys, configSchema } from './schema.js'

/** One setting. */
export interface Setting {
  /** 'section.key' */
  readonly path: string
  readonly section: string
  readonly type: string
  /** Bounds or choices, for a person; '' where there are none. */
  readonly allowed: string
  readonly default: unknown
  readonly description: string
  /** Environment variable that overrides the file. */
  readonly variable: string
  /** Whether the service's page may change it: never what is a limit, a path, an address or an executable. */
  readonly editable: boolean
}

/** Neither limits nor paths, addresses and executables: those are set in the file, by whoever may write it. */
const editable: ReadonlySet<string> = new Set([
  'planning.look_from',
  'run.max_steps',
  'run.max_failures_in_a_row',
  'run.suppress_radius_m',
  'run.point_of_view',
  'run.picture_hz',
  'service.picture_hz',
  'service.queue_max',
  'service.history_max',
  'service.question_timeout_s',
  'service.record_robot_hz',
  'service.record_camera_hz',
  'service.recordings_gb',
  'service.recordings_days',
  'service.disk_free_gb',
])

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly default?: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

/** JSON Schema of a settings file, for editors. */
export function settingsJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
}

/** Every setting, in the order of the sections; what each means is said in config/default.yaml. */
export function settingsReference(): readonly Setting[] {
  known ??= readReference()
  return known
}

let known: readonly Setting[] | null = null

function readReference(): readonly Setting[] {
  const comments = parseDocument(readFileSync(projectPath('config/default.yaml'), 'utf8'))
  const { properties = {} } = settingsJsonSchema() as JsonSchema
  const defaults = configSchema.parse({ version: 1 }) as unknown as Record<string, Record<string, unknown>>
  return Object.entries(configKeys).flatMap(([section, keys]) =>
    keys.map((key) => {
      const path = `${section}.${key}`
      const schema = keyOf(properties[section], key)
      return {
        path,
        section,
        type: typeOf(schema),
        allowed: allowedOf(schema),
        default: defaults[section]?.[key],
        description: commentOf(comments, section, key) ?? schema.description ?? '',
        variable: `CLIPORT_${section}_${key}`.toUpperCase(),
        editable: editable.has(path),
      }
    }),
  )
}

/** The comment behind a setting's default. */
function commentOf(document: Document, section: string, key: string): string | null {
  const node: unknown = document.getIn([section, key], true)
  return isScalar(node) || isSeq(node) || isMap(node) ? (node.comment?.trim() ?? null) : null
}

/** The settings of a path: one, or all of a section. @throws CliportError USAGE naming the nearest one */
export function explainSettings(path: string): readonly Setting[] {
  const all = settingsReference()
  const found = all.filter((setting) => setting.path === path || setting.section === path)
  if (found.length > 0) return found
  const near = nearest(path, [...all.map((setting) => setting.path), ...Object.keys(configKeys)])
  throw new CliportError('USAGE', `There is no setting ${path}${near === null ? '' : `, did you mean ${near}?`}`, {
    stage: 'config',
    hint: 'cliport config explain lists all of them',
  })
}

function keyOf(section: JsonSchema | undefined, key: string): JsonSchema {
  const of = (schema: JsonSchema | undefined): JsonSchema | undefined =>
    schema?.properties?.[key] ??
    [...(schema?.oneOf ?? []), ...(schema?.anyOf ?? [])].map(of).find((one) => one !== undefined)
  return of(section) ?? {}
}

function typeOf({ type, enum: choices, anyOf, const: only }: JsonSchema): string {
  if (choices !== undefined || only !== undefined) return 'choice'
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ')
  return Array.isArray(type) ? type.join(' or ') : ((type as string | undefined) ?? 'any')
}

function allowedOf({ enum: choices, minimum, maximum, exclusiveMinimum, anyOf, const: only }: JsonSchema): string {
  if (only !== undefined) return String(only)
  if (choices !== undefined) return choices.join(', ')
  if (anyOf !== undefined)
    return anyOf
      .map(allowedOf)
      .filter((text) => text !== '')
      .join('; ')
  const least = exclusiveMinimum === undefined ? minimum : `more than ${exclusiveMinimum}`
  // zod states the limits of a safe integer where none were given.
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (least === undefined && most === undefined) return ''
  return most === undefined ? `${least}` : `${least ?? ''}..${most}`
}

// What is wrong with a manifest, all of it at once, in words for a person: each problem with its place, and for a key that
// nobody knows the nearest one that exists.

import { z } from 'zod'
import { nearest } from '../../control/nearest.js'
import { type Manifest, manifestSchema } from './manifest.js'

/** The manifest, or one line a problem. */
export function checkManifest(json: unknown): { readonly manifest: Manifest } | { readonly problems: string[] } {
  const result = manifestSchema.safeParse(json)
  if (!result.success) return { problems: result.error.issues.flatMap((issue) => describe(issue, json)) }
  const problems = [...graphProblems(result.data), ...fileProblems(result.data), ...gridProblems(result.data)]
  return problems.length > 0 ? { problems } : { manifest: result.data }
}

/** A decision takes one graph or two. */
function graphProblems({ models: { decide, attention, transport } }: Manifest): string[] {
  const isWhole = decide !== undefined && attention === undefined && transport === undefined
  const isSplit = decide === undefined && attention !== undefined && transport !== undefined
  if (isWhole || isSplit) return []
  const given = Object.entries({ decide, attention, transport }).filter(([, graph]) => graph !== undefined)
  return [
    `models: expected decide, or attention and transport, but received ${given.map(([name]) => name).join(', ') || 'none of them'}`,
  ]
}

/** Every file that is read must have its checksum. */
function fileProblems({ files, models, tokenizer }: Manifest): string[] {
  const named = [
    ['tokenizer.file', tokenizer.file],
    ...Object.entries(models).flatMap(([name, graph]) => [
      [`models.${name}.file`, graph?.file],
      [`models.${name}.weights`, graph?.weights],
    ]),
  ] as [string, string | undefined][]
  return named
    .filter((entry): entry is [string, string] => entry[1] !== undefined && !(entry[1] in files))
    .map(([path, file]) => `${path}: expected one of files (${Object.keys(files).join(', ')}) but received ${file}`)
}

function gridProblems({ workspace: w }: Manifest): string[] {
  return (['x', 'y', 'z'] as const)
    .filter((axis) => !(w[`${axis}_min_m`] < w[`${axis}_max_m`]))
    .map(
      (axis) =>
        `workspace.${axis}_max_m: expected more than ${axis}_min_m (${w[`${axis}_min_m`]}) but received ${w[`${axis}_max_m`]}`,
    )
}

function describe(issue: z.core.$ZodIssue, json: unknown): string[] {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path)
    return issue.keys.map((key) => {
      const right = nearest(key, known)
      return `${[...issue.path, key].join('.')}: unknown key${right === null ? '' : `, did you mean ${right}?`}`
    })
  }
  const received = valueAt(json, issue.path)
  if (received === undefined) return [`${path}: missing`]
  return [`${path || 'manifest'}: ${issue.message}, received ${JSON.stringify(received)}`]
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    json,
  )
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = manifestSchema
  for (const key of path) {
    schema = unwrap(schema)
    if (schema instanceof z.ZodObject) schema = schema.shape[key as string]
    else if (schema instanceof z.ZodRecord) schema = schema.valueType
    else if (schema instanceof z.ZodArray) schema = schema.element
  }
  const found = unwrap(schema)
  return found instanceof z.ZodObject ? Object.keys(found.shape) : []
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema
}

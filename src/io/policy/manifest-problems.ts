// What is wrong with a manifest, all of it at once, in words for a person: each problem with its place, and for a key that
// nobody knows the nearest one that exists.

import { z } from 'zod'
import { nearest } from '../../control/nearest.js'
import { type Manifest, manifestSchema } from './manifest.js'

/** The manifest, or one line a problem. */
export function checkManifest(json: unknown): { readonly manifest: Manifest } | { readonly problems: string[] } {
  const result = manifestSchema.safeParse(json)
  if (!result.success) return { problems: result.error.issues.flatMap((issue) => describe(issue, json)) }
  const problems = [...fileProblems(result.data), ...gridProblems(result.data)]
  return problems.length > 0 ? { problems } : { manifest: result.data }
}

/** Every file that is read must have its checksum. */
function fileProblems({ files, models, tokenizer }: Manifest): string[] {
  const named = [
    ['tokenizer.file', tokenizer.file],
    ...Object.entries(models).map(([name, graph]) => [`models.${name}.file`, graph?.file]),
  ] as [string, string][]
  return named
    .filter(([, file]) => !(file in files))
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

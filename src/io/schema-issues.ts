// What a zod schema found wrong, in words: where it is and, for a key that nobody knows, the nearest one that exists.

import { z } from 'zod'
import { nearest } from '../control/nearest.js'

/** Keys by which other programs know what a schema here calls differently; behind a blank, what to do to the value. */
export type Synonyms = Readonly<Record<string, string>>

/** One line an issue. */
export function describeIssues(error: z.ZodError, schema: z.ZodType, synonyms: Synonyms = {}): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.')
    if (issue.code !== 'unrecognized_keys') return [path === '' ? issue.message : `${path}: ${issue.message}`]
    const known = knownKeys(schema, issue.path)
    return issue.keys.map((key) => `unknown key ${path === '' ? key : `${path}.${key}`}${hint(key, known, synonyms)}`)
  })
}

/** Keys of the object at a path inside a schema; none where there is no object. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: z.ZodType | undefined = unwrapped(schema)
  for (const key of path) {
    if (at instanceof z.ZodObject) at = at.shape[String(key)]
    else if (at instanceof z.ZodArray) at = at.element as z.ZodType
    else return []
    if (at === undefined) return []
    at = unwrapped(at)
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}

function hint(key: string, known: readonly string[], synonyms: Synonyms): string {
  const synonym = synonyms[key.toLowerCase()]
  const right =
    nearest(key, known) ?? (synonym !== undefined && known.includes(synonym.split(' ')[0]!) ? synonym : null)
  return right === null ? ` (known: ${known.join(', ')})` : `, did you mean ${right}?`
}

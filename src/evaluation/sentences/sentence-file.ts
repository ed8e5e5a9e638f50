// A file of sentences with right answers: a JSON array, a row a sentence (benchmarks/sentences/README.md).

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { nearest } from '../../control/nearest.js'
import { pathExists } from '../../io/path-exists.js'
import { describeIssues } from '../../io/schema-issues.js'
import { taskNames } from '../../sim/index.js'

export const sentenceActions = ['move', 'refuse', 'ask'] as const
/** What the program does with a sentence: it would move, it says why not, or it asks which is meant. */
export type SentenceAction = (typeof sentenceActions)[number]

const action = z.enum(sentenceActions)
const labels = z.array(z.int().min(1).max(254)).min(1)
const text = z.string().min(1)

const expectSchema = z.looseObject({
  action,
  /** Other actions that are right too. */
  also: z.array(action).optional(),
  /** Labels of the objects that are right for a move; absent: any. */
  pick: labels.optional(),
  place: labels.optional(),
  why: text.optional(),
  note: text.optional(),
})

const rowSchema = z.looseObject({
  scene: text,
  frames: text.optional(),
  kind: text,
  sentence: text,
  expect: expectSchema,
  control: text.optional(),
})

/** What is right for one sentence. */
export type Expected = Pick<z.infer<typeof expectSchema>, 'action' | 'also' | 'pick' | 'place' | 'why' | 'note'>

/** Where a sentence is said: a scene of the simulated cell, or a real frame's folder. */
export type SentenceScene =
  | { readonly kind: 'cell'; readonly task: string; readonly seed: number }
  | { readonly kind: 'frames'; readonly folder: string }

export interface SentenceRow {
  /** From 1, as in messages. */
  readonly row: number
  /** As the file has it: the same name, the same scene. */
  readonly sceneName: string
  readonly scene: SentenceScene
  readonly kind: string
  readonly sentence: string
  readonly expect: Expected
}

/**
 * Other keys than those of the format are a person's, and ignored; one that looks like a key misspelt is an error.
 * @throws CliportError INPUT_INVALID with every problem of the file, each with its row and key
 */
export async function readSentenceFile(path: string): Promise<readonly SentenceRow[]> {
  const rows = await readRows(path)
  const problems: string[] = []
  const read: SentenceRow[] = []
  for (const [index, value] of rows.entries()) {
    const result = await readRow(value, index + 1, dirname(path))
    if (Array.isArray(result)) problems.push(...result.map((problem) => `row ${index + 1}: ${problem}`))
    else read.push(result)
  }
  if (problems.length > 0) throw invalid(path, problems.join('; '))
  return read
}

async function readRows(path: string): Promise<readonly unknown[]> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw invalid(path, (cause as Error).message, cause)
  }
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid(path, `expected a JSON array of rows but received ${describe(value)}`)
  }
  return value
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an empty one'
  return value === null ? 'null' : `a value of type ${typeof value}`
}

/** A row, or what is wrong with it. */
async function readRow(value: unknown, row: number, folder: string): Promise<SentenceRow | string[]> {
  const { data, error } = rowSchema.safeParse(value)
  const misspelt = [
    ...misspeltKeys(value, rowSchema.shape),
    ...misspeltKeys((value as { expect?: unknown } | null)?.expect, expectSchema.shape, 'expect.'),
  ]
  if (error !== undefined) return [...describeIssues(error, rowSchema), ...misspelt]
  if (misspelt.length > 0) return misspelt
  const { scene: sceneName, frames, kind, sentence, expect } = data
  const scene = await sceneOf(sceneName, frames, folder)
  return typeof scene === 'string' ? [scene] : { row, sceneName, scene, kind, sentence, expect }
}

function misspeltKeys(value: unknown, shape: Readonly<Record<string, unknown>>, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const known = Object.keys(shape)
  const missing = known.filter((key) => !(key in value))
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .flatMap((key) => {
      const right = nearest(key, missing)
      return right === null ? [] : [`unknown key ${path}${key}, did you mean ${path}${right}?`]
    })
}

/** The scene, or what is wrong with its name. */
async function sceneOf(name: string, frames: string | undefined, folder: string): Promise<SentenceScene | string> {
  const [, task = '', which = ''] = /^(.+)\+([^+]+)$/.exec(name) ?? []
  if (task === 'frame') {
    if (frames === undefined) return `frames: expected the frame's folder for the scene '${name}'`
    const path = resolve(folder, frames)
    return (await pathExists(path)) ? { kind: 'frames', folder: path } : `frames: there is no folder ${path}`
  }
  if (frames !== undefined) return `frames: expected only with a scene 'frame+NAME' but the scene is '${name}'`
  if (!taskNames.includes(task)) {
    const near = nearest(task, taskNames)
    return `scene: expected a task and a seed, 'TASK+SEED', or 'frame+NAME' but received '${name}'${near === null ? '' : `; the nearest task is ${near}`}`
  }
  if (!/^\d{1,9}$/.test(which)) return `scene: expected a whole number for the seed but received '${which}'`
  return { kind: 'cell', task, seed: Number(which) }
}

export function invalid(path: string, why: string, cause?: unknown): CliportError {
  return new CliportError('INPUT_INVALID', `${path} cannot be used: ${why}`, {
    stage: 'start',
    hint: 'Correct the rows that are named; benchmarks/sentences/README.md describes the format',
    ...(cause === undefined ? {} : { cause }),
  })
}

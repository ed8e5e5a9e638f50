// A folder of spoken sentences: WAV files, and goals.json with what was said (docs/voice.md).

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { describeIssues } from '../../io/schema-issues.js'

const rows = z
  .array(
    z.looseObject({
      file: z.string().min(1),
      /** What was said; null: speech that is no goal. */
      goal: z.string().min(1).nullable(),
    }),
  )
  .min(1)

export interface SpokenRow {
  /** Path of the WAV file. */
  readonly path: string
  readonly file: string
  readonly goal: string | null
}

/** @throws CliportError INPUT_INVALID for a folder without a readable goals.json */
export async function readVoiceFolder(folder: string): Promise<readonly SpokenRow[]> {
  const path = join(folder, 'goals.json')
  const hint =
    'DIR holds WAV files (16 kHz, 16 bit, mono) and goals.json: [{"file":"a.wav","goal":"put ..."}], goal null for no goal'
  const invalid = (what: string, cause?: unknown) =>
    new CliportError('INPUT_INVALID', `${path}: ${what}`, { stage: 'start', hint, cause })
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalid(`it cannot be read (${(cause as Error).message})`, cause)
  })
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw invalid('it is no JSON', cause)
  }
  const { success, data, error } = rows.safeParse(content)
  if (!success) throw invalid(describeIssues(error, rows).join('; '))
  return data.map(({ file, goal }) => ({ file, goal, path: join(folder, file) }))
}

// A folder of spoken sentences: WAV files, and goals.json with what was said (docs/voice.md).

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { describeIssues } from '../../io/schema-issues.js'
import { readWav } from '../../io/voice/wav.js'

const rows = z
  .array(
    z.strictObject({
      file: z.string().min(1),
      /** What was said; null: speech that is no goal. */
      goal: z.string().min(1).nullable(),
    }),
  )
  .min(1, 'it has no rows')

export interface SpokenRow {
  /** Path of the WAV file. */
  readonly path: string
  readonly file: string
  readonly goal: string | null
}

/**
 * The rows, and a look at each of their files: a long evaluation does not end at the last one.
 * @throws CliportError INPUT_INVALID for a folder without a readable goals.json; VOICE_AUDIO_INVALID for a file of another format
 */
export async function readVoiceFolder(folder: string): Promise<readonly SpokenRow[]> {
  const path = join(folder, 'goals.json')
  const hint =
    'DIR holds WAV files (16 kHz, 16 bit, mono) and goals.json: [{"file":"a.wav","goal":"put ..."}], goal null for no goal'
  const invalid = (what: string, cause?: unknown) =>
    new CliportError('INPUT_INVALID', `${path}: ${what}`, { stage: 'start', hint, cause })
  const isFolder = await stat(folder)
    .then((entry) => entry.isDirectory())
    .catch(() => false)
  if (!isFolder) throw new CliportError('INPUT_INVALID', `${folder} is no folder`, { stage: 'start', hint })
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw invalid(cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${cause.message})`, cause)
  })
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw invalid('it is no JSON', cause)
  }
  const { success, data, error } = rows.safeParse(content)
  if (!success) throw invalid(describeIssues(error, rows).join('; '))
  const found = data.map(({ file, goal }) => ({ file, goal, path: join(folder, file) }))
  for (const row of found) await readWav(row.path)
  return found
}

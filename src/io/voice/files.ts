// Where the nets of the voice lie, and what to say where they do not: `make voice` brings them.

import { join, resolve } from 'node:path'
import { CliportError } from '../../control/errors.js'
import { projectPath } from '../../native/paths.js'
import { pathExists } from '../path-exists.js'
import { moonshineFiles } from './moonshine/files.js'

export interface VoiceFiles {
  /** Silero's net; null: not there. */
  readonly vadFile: string | null
  /** Folder of Moonshine's files; null: not all there. */
  readonly moonshineFolder: string | null
}

/** What is there of a folder, which is as given or inside the project. */
export async function voiceFiles(folder: string): Promise<VoiceFiles> {
  const here = resolve(folder)
  const root = (await pathExists(here)) ? here : projectPath(folder)
  const moonshine = join(root, 'moonshine-tiny-en')
  const vad = join(root, 'silero_vad_v5.onnx')
  const found = await Promise.all(moonshineFiles.map((file) => pathExists(join(moonshine, file))))
  return {
    vadFile: (await pathExists(vad)) ? vad : null,
    moonshineFolder: found.every(Boolean) ? moonshine : null,
  }
}

export function engineAbsent(what: string, hint: string, cause?: unknown): CliportError {
  return new CliportError('VOICE_ENGINE_ABSENT', what, { stage: 'start', hint, cause })
}

/** For the hint of what `make voice` would bring. */
export const fetchHint = 'Run in the project: make voice (46 MB on disk); docs/voice.md says what else there is'

// The Speech port: a piece of sound to what was said. Engines stand behind it; none computes on the main thread.

import type { Hearing } from '../../control/goal/spoken/hearing.js'

/** Engines that this release knows. */
export const engineNames = ['moonshine', 'pocketsphinx', 'sherpa'] as const
export type EngineName = (typeof engineNames)[number]

export interface Speech {
  readonly engine: EngineName
  /**
   * What was said in a piece of speech.
   * @param audio 16 kHz mono, -1..1; not changed
   * @throws CliportError VOICE_ENGINE_FAILED; the signal's reason on abort
   */
  hear(audio: Float32Array, signal?: AbortSignal): Promise<Hearing>
  /** Ends its threads and processes. Safe to call twice. */
  close(): Promise<void>
}

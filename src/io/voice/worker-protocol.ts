// What the voice's thread and the main thread say to each other.

import type { Hearing } from '../../control/goal/spoken/hearing.js'
import type { Lexicon } from '../../control/ports.js'

export interface VoiceWorkerSettings {
  /** Silero's net. null: nobody listens, files are transcribed. */
  readonly vadFile: string | null
  /** Folder of Moonshine's files; null: another engine transcribes, and "stop" is not spotted. */
  readonly moonshineFolder: string | null
  readonly lexicon: Lexicon
  readonly threads: number
}

export type VoiceRequest =
  /** Another stream of sound: nothing of the one before is heard in it. */
  | { readonly kind: 'begin'; readonly stream: number }
  | { readonly kind: 'audio'; readonly samples: Float32Array }
  /** A button was pressed (everything until it is let go is one piece of speech), or let go. */
  | { readonly kind: 'hold'; readonly isHeld: boolean }
  | { readonly kind: 'hear'; readonly id: number; readonly audio: Float32Array }
  | { readonly kind: 'goodbye' }

/** What is heard in a stream of sound. */
export type EarReply =
  /** Loudness of the last 128 ms (root mean square against full scale), and whether it is speech. */
  | { readonly kind: 'level'; readonly levelDb: number; readonly isSpeech: boolean }
  | { readonly kind: 'stop' }
  /** A whole piece of speech. `endedAt`: when its last sound came in, milliseconds since the epoch, as in all threads. */
  | { readonly kind: 'utterance'; readonly audio: Float32Array; readonly endedAt: number }
  /** A button was let go, and there was none. */
  | { readonly kind: 'silence'; readonly seconds: number; readonly levelDb: number }

export type VoiceReply =
  | { readonly kind: 'ready' }
  | (EarReply & { readonly stream: number })
  | { readonly kind: 'heard'; readonly id: number; readonly hearing: Hearing }
  | { readonly kind: 'failed'; readonly id: number | null; readonly message: string }

// A stream of sound in, events out. What the service, the page's socket and the box's microphone listen with.

import { interpret, type SpokenGoal } from '../../control/goal/spoken/interpret.js'
import type { SceneView, UnderstandOptions } from '../../control/goal/types.js'
import type { Lexicon } from '../../control/ports.js'
import { asFailure } from './failure.js'
import type { Speech } from './speech.js'
import type { EarEvent, VoiceThread } from './voice-thread.js'
import { sampleRateHz } from './wav.js'

/** What comes of listening. Nothing of it starts a motion; `stop` may end one. */
export type VoiceEvent =
  /** About eight times a second. Decibels against full scale, -100..0. */
  | { readonly kind: 'level'; readonly levelDb: number; readonly isSpeech: boolean }
  /** A piece of speech has ended and is being transcribed. */
  | { readonly kind: 'listening_ended'; readonly seconds: number }
  /** For the goal box, where a person confirms it. `tookMs`: since the end was found, 0.6 s after the last word, or the button let go. */
  | ({ readonly kind: 'goal'; readonly sentence: string; readonly tookMs: number } & Omit<SpokenGoal, 'sentence'>)
  /** Speech that is no goal. */
  | { readonly kind: 'no_goal'; readonly heard: string; readonly tookMs: number }
  /** The button was let go, and nothing was said: `closed` where the microphone gives no sound at all, else `silence`. */
  | { readonly kind: 'silence'; readonly reason: 'closed' | 'silence'; readonly levelDb: number }
  /** "Stop", heard in two looks that agree. Acts at once; a convenience, never the emergency stop. */
  | { readonly kind: 'stop' }
  /** One piece of speech could not be transcribed; listening goes on. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string }
  /** Listening has ended by itself: nothing is heard any more, "stop" neither. */
  | { readonly kind: 'ended'; readonly code: string; readonly message: string; readonly hint: string }

export interface ListenerOptions {
  readonly lexicon: Lexicon
  /** What is on the table now; null: nothing is known of it. Asked when a piece of speech has ended. */
  readonly scene?: () => SceneView | null
  readonly understand?: UnderstandOptions
  readonly onEvent: (event: VoiceEvent) => void
}

/** A microphone whose sound is this soft is closed or muted: even a quiet room is above. */
const closedDb = -85

/** One stream of sound at a time: a second listener on the same thread would mix two voices. */
export class VoiceListener {
  readonly #unlisten: () => void
  readonly #stream: number
  readonly #end = new AbortController()

  constructor(
    private readonly ear: VoiceThread,
    private readonly speech: Speech,
    private readonly options: ListenerOptions,
  ) {
    this.#stream = ear.begin()
    this.#unlisten = ear.listen((event) => this.#on(event))
  }

  /** The next samples, 16 kHz mono, -1..1, any number of them; handed over. */
  push(samples: Float32Array<ArrayBuffer>): void {
    if (!this.#end.signal.aborted) this.ear.push(samples)
  }

  /** A button is pressed, or let go. Without one, speech begins and ends where the voice does. */
  hold(isHeld: boolean): void {
    this.ear.hold(isHeld)
  }

  /** Ends listening; what is still being transcribed is dropped. Safe to call twice. */
  close(): void {
    this.#unlisten()
    this.#end.abort()
  }

  #on(event: EarEvent): void {
    const { onEvent } = this.options
    if ('stream' in event && event.stream !== this.#stream) return
    if (event.kind === 'utterance') void this.#transcribe(event)
    else if (event.kind === 'ended') onEvent({ kind: 'ended', ...asFailure(event.error) })
    else if (event.kind !== 'silence') onEvent(event)
    else onEvent({ kind: 'silence', reason: event.levelDb < closedDb ? 'closed' : 'silence', levelDb: event.levelDb })
  }

  async #transcribe({ audio, endedAt }: Extract<EarEvent, { kind: 'utterance' }>): Promise<void> {
    const { lexicon, scene, understand, onEvent } = this.options
    onEvent({ kind: 'listening_ended', seconds: audio.length / sampleRateHz })
    try {
      const hearing = await this.speech.hear(audio, this.#end.signal)
      const { sentence, ...rest } = interpret(hearing, lexicon, scene?.() ?? null, understand)
      const tookMs = Math.round(performance.timeOrigin + performance.now() - endedAt)
      if (this.#end.signal.aborted) return
      if (sentence === null) onEvent({ kind: 'no_goal', heard: rest.heard, tookMs })
      else onEvent({ kind: 'goal', sentence, tookMs, ...rest })
    } catch (error) {
      if (!this.#end.signal.aborted) onEvent({ kind: 'failed', ...asFailure(error) })
    }
  }
}

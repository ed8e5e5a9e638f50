// Who is listened to: one stream of sound at a time, and a person who holds a button before the robot's own microphone. Nothing
// that is heard starts a motion; "stop" ends one.

import { CliportError } from '../control/errors.js'
import { seeScene } from '../control/goal/scene.js'
import type { SceneView, UnderstandOptions } from '../control/goal/types.js'
import type { Heightmap } from '../control/types.js'
import { asFailure } from '../io/voice/failure.js'
import type { VoiceEvent, VoiceListener } from '../io/voice/listener.js'
import type { Config } from '../runtime/config/schema.js'
import { policyLexicon } from '../runtime/policy.js'
import { openVoice, type Voice, voiceLack } from '../runtime/voice.js'
import type { SpokenEvent } from './api-voice.js'

/** Whose sound it is. */
export type Speaker = 'page' | 'robot'

/** One who is listened to. */
export interface SoundStream {
  /** Somebody else is listened to since: nothing is heard any more. */
  readonly isOver: boolean
  /** 16 kHz mono, -1..1; handed over. */
  push(samples: Float32Array<ArrayBuffer>): void
  hold(isHeld: boolean): void
  /** Safe to call twice. */
  close(): void
}

export interface VoiceDeskOptions {
  readonly config: Config
  /** The newest look at the table; null: none yet. */
  readonly table: () => Heightmap | null
  readonly understand: () => UnderstandOptions
  /** "Stop" was heard. */
  readonly stop: (reason: string) => Promise<void>
  /** Opens the engine, for tests. */
  readonly open?: (config: Config) => Promise<Voice>
}

interface Seat {
  readonly by: Speaker
  listener: VoiceListener | null
  isOver: boolean
}

export class VoiceDesk {
  #voice: Promise<Voice> | null = null
  #seat: Seat | null = null
  #lack: string | null = null
  #isClosed = false

  constructor(private readonly options: VoiceDeskOptions) {}

  /** What spoken goals lacked at the newest look, for a person; null: nothing that the disk shows. */
  get lack(): string | null {
    return this.#lack
  }

  /** Looks whether the nets are there: `make voice` may have been run meanwhile. */
  async look(): Promise<void> {
    this.#lack = await voiceLack(this.options.config.voice)
  }

  /**
   * Listens to a stream. The engine is opened for the first one.
   * @throws CliportError SERVICE_REFUSED while another person is listened to, or at the end; VOICE_ENGINE_ABSENT, VOICE_ENGINE_FAILED
   */
  async listen(by: Speaker, tell: (event: SpokenEvent) => void): Promise<SoundStream> {
    const seat = this.#take(by)
    try {
      const voice = await this.#open()
      if (seat.isOver) throw refused()
      seat.listener = voice.listen({
        scene: () => this.#scene(voice),
        understand: this.options.understand(),
        onEvent: (event) => this.#heard(event, tell),
      })
    } catch (error) {
      this.#leave(seat)
      throw error
    }
    tell({ kind: 'listening' })
    return {
      get isOver() {
        return seat.isOver
      },
      push: (samples) => seat.listener?.push(samples),
      hold: (isHeld) => seat.listener?.hold(isHeld),
      close: () => this.#leave(seat),
    }
  }

  /** Ends the engine. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#seat !== null) this.#leave(this.#seat)
    await (await this.#voice?.catch(() => null))?.close()
  }

  /** Whether somebody holds a button: the robot's own microphone waits then. */
  get isTaken(): boolean {
    return this.#seat !== null && this.#seat.by === 'page'
  }

  #take(by: Speaker): Seat {
    const { by: other = null } = this.#seat ?? {}
    if (this.#isClosed || other === 'page' || other === by) throw refused()
    if (this.#seat !== null) this.#leave(this.#seat)
    this.#seat = { by, listener: null, isOver: false }
    return this.#seat
  }

  #leave(seat: Seat): void {
    seat.isOver = true
    seat.listener?.close()
    seat.listener = null
    if (this.#seat === seat) this.#seat = null
  }

  /** An engine that could not be opened is tried again by the next one who speaks: `make voice` may have been run. */
  #open(): Promise<Voice> {
    const { config, open = async () => openVoice(config.voice, await policyLexicon(config)) } = this.options
    this.#voice ??= open(config).catch((error) => {
      this.#voice = null
      throw error
    })
    return this.#voice
  }

  #scene({ lexicon }: Voice): SceneView | null {
    const table = this.options.table()
    return table === null ? null : seeScene(table, lexicon)
  }

  #heard(event: VoiceEvent, tell: (event: SpokenEvent) => void): void {
    if (event.kind === 'stop') {
      // As the page's button does it: at once, and of a stop that does not reach the arm a person hears.
      this.options.stop('"stop" was said').catch((error: unknown) => tell({ kind: 'failed', ...asFailure(error) }))
    }
    tell(spokenOf(event))
    // The engine's thread is gone: the next one who speaks opens another.
    if (event.kind === 'ended') {
      const ended = this.#voice
      this.#voice = null
      void ended?.then((voice) => voice.close()).catch(() => {})
      if (this.#seat !== null) this.#leave(this.#seat)
    }
  }
}

function spokenOf(event: VoiceEvent): SpokenEvent {
  switch (event.kind) {
    case 'level':
      return { kind: 'level', level_db: event.levelDb, is_speech: event.isSpeech }
    case 'silence':
      return { kind: 'silence', reason: event.reason, level_db: event.levelDb }
    case 'no_goal':
      return { kind: 'no_goal', heard: event.heard, took_ms: event.tookMs }
    case 'goal': {
      const { kind, heard, sentence, doubts, alternatives, tookMs } = event
      const reasons = doubts.map(({ reason }) => reason)
      return { kind, heard, sentence, doubts: reasons, alternatives: [...alternatives], took_ms: tookMs }
    }
    default:
      return event
  }
}

function refused(): CliportError {
  return new CliportError('SERVICE_REFUSED', 'Somebody else is listened to just now', {
    stage: 'serve',
    hint: 'One voice at a time: wait until the other one has let go of the button',
    retryable: true,
  })
}

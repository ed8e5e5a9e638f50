// The robot's own microphone, as the settings name it: it listens all the time, or while a button is held; a person at a page
// who holds theirs is heard before it. What it hears goes to every page, where somebody confirms it.

import { setTimeout as sleep } from 'node:timers/promises'
import { asFailure } from '../io/voice/failure.js'
import { type Microphone, openMicrophone } from '../io/voice/microphone.js'
import { heldOf } from '../io/voice/push-to-talk.js'
import type { VoiceSettings } from '../runtime/config/voice.js'
import type { SpokenEvent, VoiceState } from './api-voice.js'
import type { SpokenAnswers } from './spoken-answers.js'
import type { SoundStream, VoiceDesk } from './voice-desk.js'

export interface RobotMicrophoneOptions {
  readonly device: string
  /** Input device whose keys are the button; null: it listens all the time. */
  readonly button: string | null
  readonly desk: Pick<VoiceDesk, 'listen' | 'isTaken'>
  /** What is heard, without its levels. */
  readonly onEvent: (event: SpokenEvent) => void
  /** It can be heard again, or cannot any more. */
  readonly onChange: () => void
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
  /** The loudspeaker beside it; absent: none. */
  readonly answers?: Pick<SpokenAnswers, 'isSpeaking'>
  /** For tests. */
  readonly open?: (device: string) => Microphone
  readonly held?: (device: string, signal: AbortSignal) => AsyncIterable<boolean>
  readonly reopenMs?: number
}

/** A microphone that was pulled out is tried again so often. */
const reopenMs = 10_000
/** After the button is let go, and after the loudspeaker has ended: sound is on its way for so long. */
const tailMs = 300
/** After these a piece of speech is over. */
const answers: readonly SpokenEvent['kind'][] = ['goal', 'no_goal', 'silence', 'failed', 'ended']

export class RobotMicrophone {
  readonly #end = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #problem: string | null = null
  #stream: SoundStream | null = null
  #isHeld = false
  #deafUntilMs = 0

  constructor(private readonly options: RobotMicrophoneOptions) {}

  get state(): NonNullable<VoiceState['microphone']> {
    const { device, button } = this.options
    return { device, push_to_talk: button !== null, problem: this.#problem }
  }

  begin(): void {
    this.#running = this.#run()
  }

  /** Ends its processes. */
  async end(): Promise<void> {
    this.#end.abort()
    await this.#running
  }

  /** Never throws: what fails is told, and tried again. */
  async #run(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      try {
        await this.#listen()
      } catch (error) {
        if (!signal.aborted) this.#tellProblem(asFailure(error))
      }
      this.#leave()
      await sleep(this.options.reopenMs ?? reopenMs, undefined, { signal }).catch(() => {})
    }
  }

  /** Until the microphone or the button is gone. @throws CliportError VOICE_* */
  async #listen(): Promise<void> {
    const { device, button, open = openMicrophone } = this.options
    const microphone = open(device)
    const end = new AbortController()
    const signal = AbortSignal.any([end.signal, this.#end.signal])
    signal.addEventListener('abort', () => void microphone.close(), { once: true })
    if (signal.aborted) void microphone.close()
    const sources = [this.#hear(microphone), ...(button === null ? [] : [this.#followButton(button, signal)])]
    try {
      await Promise.race(sources)
    } finally {
      end.abort()
      await Promise.allSettled(sources)
    }
  }

  async #hear({ sound }: Microphone): Promise<void> {
    const { button, answers: loudspeaker } = this.options
    for await (const samples of sound) {
      if (this.#problem !== null) this.#tellProblem(null)
      const nowMs = performance.now()
      // What it says itself is no goal.
      if (loudspeaker?.isSpeaking) this.#deafUntilMs = nowMs + tailMs
      if (nowMs < this.#deafUntilMs) continue
      if (button === null) await this.#join()
      this.#stream?.push(samples)
    }
  }

  async #followButton(device: string, signal: AbortSignal): Promise<void> {
    for await (const isHeld of (this.options.held ?? heldOf)(device, signal)) {
      if (isHeld) {
        await this.#join()
        if (this.#stream === null) this.#tellTaken()
      } else await sleep(tailMs)
      this.#isHeld = isHeld
      this.#stream?.hold(isHeld)
    }
  }

  /** Has a stream afterwards, unless somebody else is listened to. @throws CliportError VOICE_ENGINE_* */
  async #join(): Promise<void> {
    const { desk } = this.options
    if (this.#stream?.isOver) this.#stream = null
    if (this.#stream !== null || desk.isTaken) return
    this.#stream = await desk.listen('robot', (event) => this.#heard(event))
  }

  #heard(event: SpokenEvent): void {
    const { onEvent, button } = this.options
    if (event.kind === 'level' || event.kind === 'listening') return
    onEvent(event)
    if (button !== null && !this.#isHeld && answers.includes(event.kind)) this.#leave()
  }

  #leave(): void {
    this.#stream?.close()
    this.#stream = null
  }

  #tellTaken(): void {
    this.options.onEvent({
      kind: 'failed',
      code: 'SERVICE_REFUSED',
      message: 'Somebody at a page is listened to just now',
      hint: 'Press the button again when they have let go of theirs',
    })
  }

  #tellProblem(problem: { readonly message: string; readonly hint: string } | null): void {
    const text = problem === null ? null : `${problem.message}. ${problem.hint}`
    if (text === this.#problem) return
    this.#problem = text
    this.options.tell(text ?? `the microphone ${this.options.device} is heard again`)
    this.options.onChange()
  }

  /** The microphone of the settings; null: they name none. */
  static of(
    { microphone: device, push_to_talk: button }: VoiceSettings,
    desk: VoiceDesk,
    options: Pick<RobotMicrophoneOptions, 'onEvent' | 'onChange' | 'tell' | 'answers'>,
  ): RobotMicrophone | null {
    return device === null ? null : new RobotMicrophone({ device, button, desk, ...options })
  }
}

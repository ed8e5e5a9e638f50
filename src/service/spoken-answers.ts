// What the service says aloud (voice.answers, off by default): what was heard through the robot's own microphone, a question of
// a run, and how a spoken goal ended. All of it is on the page too.

import { type Announcer, openAnnouncer } from '../io/voice/announcer.js'
import type { ServiceEvent } from './api.js'
import type { Hub } from './hub.js'

export class SpokenAnswers {
  readonly #unlisten: () => void

  constructor(
    hub: Hub,
    private readonly announcer: Announcer,
  ) {
    this.#unlisten = hub.listen(({ body, latest }) => {
      if (latest !== null) return
      const line = lineOf(JSON.parse(body as string) as ServiceEvent)
      if (line !== null) announcer.say(line)
    })
  }

  /** Whether a line is being said: what the robot's microphone hears then is the service itself. */
  get isSpeaking(): boolean {
    return this.announcer.isSpeaking
  }

  end(): void {
    this.#unlisten()
    this.announcer.close()
  }

  /** null: the settings want none. @param tell hears once where nothing can be said */
  static of(isWanted: boolean, hub: Hub, tell: (line: string) => void): SpokenAnswers | null {
    return isWanted ? new SpokenAnswers(hub, openAnnouncer(tell)) : null
  }
}

/** What is said of an event; null: nothing. */
export function lineOf({ event, data }: ServiceEvent): string | null {
  if (event === 'voice') {
    if (data.kind === 'goal') {
      const doubt = data.doubts.length === 0 ? '' : ' I am not sure.'
      return `I heard: ${data.sentence}.${doubt} Confirm it on the page.`
    }
    return data.kind === 'no_goal' ? 'That is no goal that I know.' : null
  }
  if (event === 'question' && data.question !== null) {
    return `Which one? ${data.question.candidates.map(({ name }) => name).join(', or ')}.`
  }
  if (event !== 'goal' || data.source !== 'voice') return null
  if (data.state === 'canceled') return `Canceled: ${data.sentence}.`
  if (data.state !== 'done') return null
  return data.outcome === 'achieved' ? `Done: ${data.sentence}.` : `Not done: ${data.sentence}.`
}

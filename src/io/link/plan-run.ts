// One plan's events, put together to what became of it.

import type { Reason } from '../../control/reason.js'
import type { Execution } from '../../control/types.js'
import { endEffectorState, reasonOf, vec3 } from './codec.js'
import { type Event, EventKind } from './gen/link_pb.js'

/** What somebody wanted, or our own late heartbeats brought about; every other end is the arm's or the cell's fault. */
const stopReasons: ReadonlySet<Reason> = new Set(['stop_requested', 'watchdog'])

/** Collects events until one ends the plan. A replay repeats them, which changes nothing. */
export class PlanRun {
  readonly #segments: Execution['segments'][number][] = []
  #answered = false

  /** Whether the controller has accepted it. */
  get answered(): boolean {
    return this.#answered
  }

  /** @returns the result, once it is known */
  add(event: Event): Execution | null {
    this.#answered = true
    switch (event.kind) {
      case EventKind.EVENT_REJECTED:
        return this.#end('rejected', event)
      case EventKind.EVENT_SEGMENT:
        this.#addSegment(event)
        return null
      case EventKind.EVENT_DONE:
        return this.#end('done', event)
      case EventKind.EVENT_ENDED:
        this.#addSegment(event) // the one that was cut short
        return this.#end(stopReasons.has(reasonOf(event).reason) ? 'stopped' : 'fault', event)
      default:
        return null
    }
  }

  #addSegment(event: Event): void {
    const { holding } = endEffectorState(event.endEffector)
    this.#segments[event.segment] ??= { contact: event.contact, p_base_m: vec3(event.pBase), holding }
  }

  #end(status: Execution['status'], event: Event): Execution {
    const { holding } = endEffectorState(event.endEffector)
    return { status, ...reasonOf(event), segments: Object.values(this.#segments), holding }
  }
}

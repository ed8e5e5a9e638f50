// The newest state of the arm, the last ones for errors, and who waits for one.

import type { Clock } from '../../control/ports.js'
import type { RobotState } from '../../control/types.js'
import { Awaited } from './awaited.js'
import { robotState } from './codec.js'
import type { EventLoopTime } from './event-loop-time.js'
import type { State } from './gen/link_pb.js'
import type { LinkOptions } from './options.js'

export class StateCache {
  readonly #robotStates: RobotState[] = []
  readonly #catchingUp = new Map<Awaited<void>, bigint>()
  #newest: State | null = null
  #first: Awaited<void> | null = null
  #freshMs = 0
  #heardMs = 0

  constructor(
    private readonly clock: Clock,
    private readonly loopTime: EventLoopTime,
    private readonly options: LinkOptions,
  ) {}

  /** As it came. */
  get newest(): State | null {
    return this.#newest
  }

  get robot(): RobotState | null {
    return this.#robotStates.at(-1) ?? null
  }

  /** The last ones, newest last. */
  get robotStates(): readonly RobotState[] {
    return [...this.#robotStates]
  }

  /** Whether the end effector held something in the newest one. */
  get holding(): boolean {
    return this.robot?.endEffector.holding ?? false
  }

  /** Waking milliseconds since the control loop was last known to go on. */
  get withoutNewsMs(): number {
    return this.loopTime.ms - this.#freshMs
  }

  /** Waking milliseconds since the last message, whatever it said. */
  get absentMs(): number {
    return this.loopTime.ms - this.#heardMs
  }

  /** The state time-out counts from here. */
  expectNews(): void {
    this.#freshMs = this.loopTime.ms
  }

  add(state: State): void {
    this.#heardMs = this.loopTime.ms
    // The sockets go on when the control loop stands still: only a newer stamp is a sign of life.
    if (this.#newest === null || state.stampNs > this.#newest.stampNs) this.#freshMs = this.loopTime.ms
    this.#newest = state
    this.#robotStates.push(robotState(state, this.clock.nowNs()))
    if (this.#robotStates.length > this.options.statesKept) this.#robotStates.shift()
    this.#first?.resolve()
    this.#settle()
  }

  /** Forgets what another instance of the controller has said. */
  welcomed(instance: bigint): void {
    if (this.#newest?.header?.session === instance) return
    this.#newest = null
    this.#robotStates.length = 0
  }

  /** Waits for one. @throws what `tick` is given when none comes in time */
  async first(): Promise<void> {
    if (this.#newest !== null) return
    this.#first = new Awaited(this.loopTime.ms + this.options.connectTimeoutMs)
    await this.#first.promise
    this.#first = null
  }

  /** @param noState what is wrong when the first one does not come */
  tick(noState: () => Error): void {
    if (this.#first && this.loopTime.ms >= this.#first.overdueMs) this.#first.reject(noState())
    this.#settle()
  }

  /**
   * Answers overtake the state, which comes every few milliseconds: waits until it tells of what was answered, so that
   * whoever looks at it finds the arm as the answer left it. A state that does not come is for the next command to
   * notice.
   */
  async caughtUp(stampNs: bigint): Promise<void> {
    if (this.#newest === null || this.#newest.stampNs >= stampNs) return
    const awaited = new Awaited<void>(this.loopTime.ms + this.options.stateTimeoutMs)
    this.#catchingUp.set(awaited, stampNs)
    await awaited.promise
  }

  lose(error: Error): void {
    this.#first?.reject(error)
    for (const awaited of this.#catchingUp.keys()) awaited.resolve()
    this.#catchingUp.clear()
  }

  /** Lets go on who waited for a state that has come, or for too long. */
  #settle(): void {
    for (const [awaited, stampNs] of this.#catchingUp) {
      if (this.#newest && this.#newest.stampNs < stampNs && this.loopTime.ms < awaited.overdueMs) continue
      awaited.resolve()
      this.#catchingUp.delete(awaited)
    }
  }
}

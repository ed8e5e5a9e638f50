// What moves the arm: takes goals from the queue while a person has armed, and does what people ask of the arm meanwhile.

import type { CliportError, ErrorCode } from '../control/errors.js'
import type { Clarify } from '../control/goal/sentence-in-force.js'
import type { RunReport } from '../runtime/run.js'
import type { DiskUse, Goal, ServiceState, Takeover, Turn } from './api.js'
import { Clearing } from './clearing.js'
import { Gate } from './gate.js'
import { endOf } from './goal-end.js'
import type { GoalQueue } from './goal-queue.js'
import { runGoalOfQueue } from './goal-run.js'
import type { Hub } from './hub.js'
import type { Live } from './live.js'
import { RoomWatch } from './room-watch.js'
import { asCliportError, lossCodes, noRoomReason, refused } from './runner-errors.js'
import {
  after,
  atStart,
  mayArm,
  mayBegin,
  mayClear,
  mayRelease,
  modeOf,
  reasonOf,
  type SessionEvent,
} from './session-machine.js'
import { expectInside } from './takeover.js'
import { problemOf } from './wire.js'
import type { SceneChoice, Workcell } from './workcell.js'

/** How often what is lost is opened again. */
const reopenMs = 5000

export interface RunnerOptions {
  readonly queue: GoalQueue
  readonly workcell: Workcell
  readonly live: Live
  readonly hub: Hub
  /** Asks a person in mid-run. */
  readonly clarify: (goal: Goal, ...question: Parameters<Clarify>) => ReturnType<Clarify>
  readonly onTurn: (turn: Turn) => void
  readonly onStage: (stage: string, durationMs: number) => void
  readonly onEnd: (goal: Goal) => void
  /** Whether the disk of this use has room. Never rejects. */
  readonly hasRoom: (use: DiskUse) => Promise<boolean>
  /** The session was opened, or another scene made: everything may be another. */
  readonly onOpened: () => void
  readonly tell: (line: string) => void
}

interface Running {
  readonly goal: Goal
  readonly gate: Gate
  readonly abort: AbortController
  ended: Promise<void>
}

export class Runner {
  #facts = atStart
  #problem: CliportError | null = null
  #running: Running | null = null
  /** Never rejects. Whoever opens the workcell, or makes another scene, waits for it first. */
  #opening: Promise<void> = Promise.resolve()
  #reopen: NodeJS.Timeout | null = null
  /** The newest clearing of a latch. */
  #clearing: Clearing | null = null
  /** Stops that people have asked for so far. */
  #stops = 0
  readonly #closing = new AbortController()
  #full: DiskUse = 'goals' // the disk that was full last
  readonly #room = new RoomWatch(
    async () => (await this.options.hasRoom(this.#full)) && this.options.queue.areEndsWritten(),
    () => this.#onRoom(),
  )

  constructor(private readonly options: RunnerOptions) {}

  get session(): ServiceState['session'] {
    const facts = this.#facts
    return {
      mode: modeOf(facts),
      reason: reasonOf(facts),
      armed: facts.armed,
      paused: facts.paused,
      running: facts.activity?.goalId ?? null,
      problem: this.#problem === null ? null : problemOf(this.#problem),
    }
  }

  /** Whether something moves in front of the cameras, or may. */
  get isMoving(): boolean {
    return this.#running !== null
  }

  /** Opens the workcell, and again whenever it is lost; resolves after the first try. */
  open(): Promise<void> {
    this.#opening = this.#open()
    return this.#opening
  }

  /**
   * A person arms: the next queued goal begins.
   * @throws CliportError SERVICE_REFUSED, CONSENT_REQUIRED, LINK_REFUSED, LINK_PEER_LOST
   */
  async arm(isConsentGiven: boolean): Promise<void> {
    this.#noticeHolding()
    this.#expect(mayArm(this.#facts), 'arm')
    await this.options.workcell.arm(isConsentGiven)
    this.happened({ kind: 'armed' })
    this.kick()
  }

  /**
   * A person lets go of what the end effector holds, after a stop in the middle of a transport; disarmed afterwards.
   * @throws CliportError SERVICE_REFUSED, CONSENT_REQUIRED, LINK_REFUSED, LINK_PEER_LOST
   */
  release(isConsentGiven: boolean): Promise<void> {
    return this.options.queue.inOrder(async () => {
      this.#expect(mayRelease(this.#facts), 'let go')
      await this.options.workcell.release(isConsentGiven, () => this.happened({ kind: 'disarmed' }))
      this.#noticeHolding()
    })
  }

  /** @throws CliportError SERVICE_REFUSED while a goal runs */
  async disarm(): Promise<void> {
    this.#expect(this.#running === null ? null : 'a goal runs: stop it, or cancel it', 'disarm')
    this.happened({ kind: 'disarmed' })
    await this.options.workcell.disarm()
  }

  /** Stops the arm now, and latches. Resolves when the controller has begun to stop. @throws CliportError LINK_PEER_LOST */
  async stop(reason: string): Promise<void> {
    this.#stops += 1
    const stopping = this.options.workcell.link?.stop(reason)
    this.happened({ kind: 'latched', as: 'stopped', reason })
    this.#running?.abort.abort()
    await stopping
  }

  /** A person has looked at the arm. Disarmed afterwards. @throws CliportError SERVICE_REFUSED, LINK_REFUSED, LINK_PEER_LOST */
  async clear(): Promise<void> {
    if (this.#facts.latched !== null) await this.#running?.ended
    this.#expect(mayClear(this.#facts), 'clear')
    const stops = this.#stops
    this.#clearing = new Clearing()
    await this.#clearing.run((signal) => this.options.workcell.clear(signal))
    this.#expect(stops === this.#stops ? null : 'it was stopped again meanwhile', 'clear')
    this.happened({ kind: 'cleared' })
  }

  /** No next action: a goal that runs waits before its next look, the others wait in the queue. */
  pause(): void {
    this.#running?.gate.pause()
    this.happened({ kind: 'paused' })
  }

  /** Goes on with everything that is paused, the goals of before a restart too. */
  async resume(): Promise<void> {
    this.happened({ kind: 'resumed' })
    this.#running?.gate.resume()
    const { queue } = this.options
    await queue.inOrder(() => queue.resumeAll())
    this.kick()
  }

  /** Another simulated scene, whose arm is disarmed. @throws CliportError SERVICE_REFUSED, TASK_UNKNOWN, CELL_FAILED */
  reset(scene: SceneChoice): Promise<void> {
    const { queue, workcell, hub, onOpened } = this.options
    return queue.inOrder(async () => {
      this.#expect(this.#running === null ? null : 'a goal runs', 'make another scene')
      workcell.expectScenes()
      // What is lost was about to be opened again: the other scene comes instead.
      this.#cancelReopen()
      await this.#opening
      this.#expect(this.#closing.signal.aborted ? 'the service is ending' : null, 'make another scene')
      workcell.expectScenes()
      this.happened({ kind: 'lost', reason: 'another scene is made' })
      hub.forget('pick', 'place')
      try {
        const made = workcell.reset(scene)
        this.#opening = made.catch(() => {})
        await made
        this.#cancelReopen()
        this.#problem = null
        this.happened({ kind: 'opened' })
        onOpened()
      } catch (error) {
        this.lost((error as Error).message)
        throw error
      }
    })
  }

  /** A goal that runs ends before its next action. @throws CliportError GOAL_UNKNOWN */
  cancel(id: string): Promise<Goal> {
    const { queue } = this.options
    return queue.inOrder(async () => {
      if (this.#running?.goal.id !== id) return queue.cancel(id)
      this.#running.gate.cancel('canceled by a person')
      return this.#running.goal
    })
  }

  /** Begins at once what a person clicked. @throws CliportError SERVICE_REFUSED, INPUT_INVALID, STORE_FAILED */
  takeover(takeover: Takeover): Promise<Goal> {
    const { queue, workcell } = this.options
    return queue.inOrder(async () => {
      this.#noticeHolding()
      this.#expect(mayBegin(this.#facts, 'takeover'), 'take over')
      if (workcell.view === null) workcell.seen(await workcell.look())
      expectInside(workcell.view!.view.heightmap, takeover)
      await queue.writeEnds()
      const { sentence } = takeover
      const { goal } = await queue.add({ sentence, kind: 'takeover', source: 'page', front: true }, Infinity)
      const begun = (await queue.begin(goal.id))!
      const refusal = mayBegin(this.#facts, 'takeover')
      if (refusal !== null) {
        // Stopped while it was written. Clicks are of their moment: nothing runs them later.
        await queue.end(begun.id, { state: 'canceled', reason: refusal })
        this.#expect(refusal, 'take over')
      }
      this.#begin(begun, takeover)
      return begun
    })
  }

  /** Begins the next goal, where one is queued and the arm may move. */
  kick(): void {
    const { queue } = this.options
    const next = queue.inOrder(async () => {
      this.#noticeHolding()
      if (mayBegin(this.#facts, 'sentence') !== null) return
      await queue.writeEnds()
      const goal = await queue.begin()
      if (goal === null) return
      if (mayBegin(this.#facts, 'sentence') === null) this.#begin(goal)
      else await queue.putBack(goal.id) // stopped while it was written
    })
    next.catch((error) => this.#couldNotRun(error))
  }

  /** The controller has stopped the arm. What it says of a stop that is latched follows from that: the first reason stays. */
  latched(as: 'stopped' | 'fault', reason: string): void {
    if (as === 'fault' || this.#facts.latched === null) this.happened({ kind: 'latched', as, reason })
    this.#running?.abort.abort()
  }

  /** The arm, the cameras or the policy are away; they are opened again, disarmed. */
  lost(reason: string): void {
    if (this.#closing.signal.aborted) return
    this.options.tell(`lost: ${reason}`)
    this.happened({ kind: 'lost', reason })
    this.#running?.abort.abort()
    this.#clearing?.giveUp(reason)
    this.#cancelReopen()
    this.#reopen = setTimeout(() => {
      this.#reopen = null
      const before = this.#opening
      this.#opening = (this.#running?.ended ?? Promise.resolve()).then(() => before).then(() => this.#open())
    }, reopenMs)
  }

  /** Before anything begins: nothing does while something is held. */
  #noticeHolding(): void {
    this.happened({ kind: 'holds', holding: this.options.workcell.isHolding })
  }

  #cancelReopen(): void {
    if (this.#reopen !== null) clearTimeout(this.#reopen)
    this.#reopen = null
  }

  happened(event: SessionEvent): void {
    const before = JSON.stringify(this.session)
    const wasArmed = this.#facts.armed
    this.#facts = after(this.#facts, event)
    if (JSON.stringify(this.session) !== before) this.options.hub.emit('session', this.session)
    if (wasArmed && !this.#facts.armed && ['holds', 'ended'].includes(event.kind)) this.#giveLeaseBack()
  }

  /** Stops what moves; its goal is paused. Closes the workcell. */
  async close(): Promise<void> {
    this.happened({ kind: 'closing' })
    this.#closing.abort()
    this.#room.end()
    this.#clearing?.giveUp('the service is ending')
    this.#cancelReopen()
    this.#running?.abort.abort()
    // A goal that is just being begun is put back.
    await this.options.queue.inOrder(async () => {})
    await this.#running?.ended
    await this.options.queue.writeEnds().catch((error) => this.#trouble(error))
    await this.#opening
    await this.options.workcell.close()
  }

  /** @param goal written as running, which may begin */
  #begin(goal: Goal, takeover?: Takeover): void {
    this.happened({ kind: 'began', goalId: goal.id, activity: goal.kind })
    const onHeld = () => this.happened({ kind: 'held' })
    const onReleased = () => this.happened({ kind: 'released' })
    const gate = new Gate(this.#facts.paused && goal.kind === 'sentence', onHeld, onReleased)
    const running: Running = { goal, gate, abort: new AbortController(), ended: Promise.resolve() }
    this.#running = running
    running.ended = this.#run(running, takeover)
  }

  /** Never throws. */
  async #run({ goal, gate, abort }: Running, takeover: Takeover | undefined): Promise<void> {
    const { queue, workcell, live, hub, onTurn, onStage, onEnd, clarify, tell } = this.options
    try {
      const report = await runGoalOfQueue({
        goal,
        workcell,
        live,
        gate,
        signal: abort.signal,
        clarify: (question, signal) => clarify(goal, question, signal),
        ...(takeover === undefined ? {} : { takeover }),
        onTurn,
        onStage,
        tell: (line) => {
          tell(line)
          hub.emit('log', { line })
        },
      }).catch((error: Error) => error)
      const latch = this.#facts.latched?.reason ?? null
      const ended = await queue.end(goal.id, endOf(goal, report, gate.canceled, latch, this.#closing.signal.aborted))
      if (ended !== null) onEnd(ended)
      await queue.writeEnds()
      if (report instanceof Error) this.#couldNotRun(report, 'runs')
      else if (report.error !== undefined) this.#afterError(report.error)
    } catch (error) {
      this.#couldNotRun(error)
    } finally {
      this.#noticeHolding()
      this.#running = null
      this.happened({ kind: 'ended' })
    }
    this.kick()
  }

  /** The run has stopped the arm, and its controller keeps it so. */
  #afterError({ code, message }: NonNullable<RunReport['error']>): void {
    if (lossCodes.includes(code as ErrorCode)) this.lost(message)
    this.latched(code === 'ARM_FAULT' ? 'fault' : 'stopped', message)
  }

  /** Never throws: what cannot be opened is opened again. */
  async #open(): Promise<void> {
    const { workcell, onOpened } = this.options
    const { signal } = this.#closing
    if (signal.aborted) return
    try {
      await workcell.open(signal)
      this.#problem = null
      this.happened({ kind: 'opened' })
      onOpened()
    } catch (error) {
      if (signal.aborted) return
      this.#problem = asCliportError(error)
      this.lost(this.#problem.message)
    }
  }

  /** Nothing could be written of a goal: the next one would fare no better, so that a person arms again. */
  #couldNotRun(error: unknown, use: DiskUse = 'goals'): void {
    this.#trouble(error, use)
    this.happened({ kind: 'disarmed' })
    this.#giveLeaseBack()
  }

  #giveLeaseBack(): void {
    const { workcell, tell } = this.options
    void workcell.disarm().catch((cause: Error) => tell(`the arm did not disarm: ${cause.message}`))
  }

  #trouble(error: unknown, use: DiskUse = 'goals'): void {
    const problem = asCliportError(error)
    this.#problem = problem
    this.options.tell(problem.message)
    this.options.hub.emit('problem', problemOf(problem))
    if (problem.code !== 'DISK_FULL') return
    this.#full = use
    this.happened({ kind: 'noRoom', reason: noRoomReason(problem) })
    if (!this.#closing.signal.aborted) this.#room.begin()
  }

  #onRoom(): void {
    this.#problem = null
    this.happened({ kind: 'room' })
    this.options.tell('there is room on the disk again')
  }

  #expect(refusal: string | null, act: string): void {
    if (refusal !== null) throw refused(act, refusal)
  }
}

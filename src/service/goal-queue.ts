// The queue as the service has it: every change on the disk first, then in the state and told to everybody. The one exception
// is the end of a goal that has run: it has happened, and is told even where the disk does not take it. It is kept, and
// written before anything else begins.

import { CliportError } from '../control/errors.js'
import { parseGoal } from '../control/goal.js'
import type { Goal } from './api.js'
import type { GoalEnd, ListGoals, NewGoal } from './goal-store.js'
import type { AsyncGoalStore } from './goal-store-client.js'
import type { Hub } from './hub.js'
import { UnwrittenEnds } from './unwritten-ends.js'

/** Finished goals in the state; `list` has the others. */
const historyShown = 20

export const unfinishedAtEnd = 'unfinished when the service ended; a person resumes it'

export interface QueueLimits {
  readonly unfinished: number
  readonly finished: number
}

export class GoalQueue {
  #unfinished: readonly Goal[] = []
  #finished: readonly Goal[] = []
  #order: Promise<unknown> = Promise.resolve()
  readonly #unwritten = new UnwrittenEnds()

  constructor(
    private readonly store: AsyncGoalStore,
    private readonly hub: Hub,
    private readonly limits: QueueLimits,
  ) {}

  /** In the order in which they will run. */
  get unfinished(): readonly Goal[] {
    return this.#unwritten.unfinishedOf(this.#unfinished)
  }

  /** The newest, newest first. */
  get finished(): readonly Goal[] {
    return this.#unwritten.finishedOf(this.#finished).slice(0, historyShown)
  }

  /** Takes up what is on the disk; every unfinished goal of it is paused. @returns how many @throws CliportError STORE_FAILED */
  async takeUp(): Promise<number> {
    const n = await this.store.pauseUnfinished(unfinishedAtEnd)
    await this.#refresh()
    return n
  }

  /** Acts on the queue, one after the other. */
  inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#order.then(work)
    this.#order = done.catch(() => {})
    return done
  }

  /** The goal is on the disk when this resolves. @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG, INPUT_INVALID, QUEUE_FULL, DISK_FULL, STORE_FAILED */
  async add(
    given: Omit<NewGoal, 'atMs' | 'most'>,
    most = this.limits.unfinished,
  ): Promise<{ readonly goal: Goal; readonly isNew: boolean }> {
    const sentence = parseGoal(given.sentence)
    const added = await this.store.add({ ...given, sentence, atMs: Date.now(), most })
    if (added.isNew) await this.#changed(added.goal)
    else if (added.goal.sentence !== sentence) throw otherGoal(added.goal)
    return added
  }

  /** @throws CliportError GOAL_UNKNOWN unless it is unfinished */
  async cancel(id: string): Promise<Goal> {
    const end = { state: 'canceled', atMs: Date.now(), reason: 'canceled by a person' } as const
    const goal = this.#unwritten.has(id) ? null : await this.store.end(id, end)
    return this.#changed(expectGoal(id, goal, 'an unfinished goal'))
  }

  /** @throws CliportError GOAL_UNKNOWN unless it is paused */
  async resume(id: string): Promise<Goal> {
    return this.#changed(expectGoal(id, await this.store.resume(id), 'a paused goal'))
  }

  async resumeAll(): Promise<void> {
    for (const goal of await this.store.resumeAll()) await this.#changed(goal)
  }

  /** @throws CliportError GOAL_UNKNOWN unless both are unfinished */
  async move(id: string, before: string | null): Promise<Goal> {
    const isMoved = await this.store.move(id, before)
    return this.#changed(expectGoal(id, isMoved ? await this.store.get(id) : null, 'an unfinished goal'))
  }

  /** @throws CliportError GOAL_UNKNOWN */
  async flag(id: string, flag: Goal['flag'], note: string): Promise<Goal> {
    return this.#changed(expectGoal(id, await this.store.flag(id, flag, note), 'a goal'))
  }

  /** @throws CliportError GOAL_UNKNOWN */
  async get(id: string): Promise<Goal> {
    return this.#unwritten.now(expectGoal(id, await this.store.get(id), 'a goal'))
  }

  async list(what: ListGoals): Promise<Goal[]> {
    return this.#unwritten.listOf(await this.store.list(what), what)
  }

  /** The first queued goal, or this one, as running; null: there is none. */
  async begin(id?: string): Promise<Goal | null> {
    const goal = await this.store.begin(Date.now(), id)
    return goal === null ? null : this.#changed(goal)
  }

  /** Nothing has moved for it. */
  async putBack(id: string): Promise<void> {
    const goal = await this.store.putBack(id)
    if (goal !== null) await this.#changed(goal)
  }

  /**
   * How a goal ended that was begun: told to everybody, and on the disk if that can be. Null where it is not unfinished.
   * `writeEnds` says why it is not on the disk.
   */
  async end(id: string, end: Omit<GoalEnd, 'atMs'>): Promise<Goal | null> {
    const before = this.unfinished.find((goal) => goal.id === id)
    if (before === undefined) return null
    this.#unwritten.add(before, { ...end, atMs: Date.now() })
    await this.writeEnds().catch((error: Error) => this.#unwritten.failed(id, error.message))
    const goal = this.#unwritten.has(id) ? this.#unwritten.now(before) : await this.store.get(id)
    if (goal !== null) this.#tell(goal)
    return goal
  }

  /** Writes ends that the disk has not taken. @throws CliportError DISK_FULL, STORE_FAILED; what could not be written is kept */
  async writeEnds(): Promise<void> {
    if (this.#unwritten.all.length === 0) return
    for (const { id, end } of this.#unwritten.all) {
      await this.store.end(id, end)
      this.#unwritten.written(id)
    }
    await this.#refresh()
    // Old goals that are forgotten later do no harm.
    await this.store.prune(this.limits.finished).catch(() => {})
  }

  /** Tries to write what is not written. Whether nothing is left; never rejects. */
  areEndsWritten(): Promise<boolean> {
    return this.writeEnds().then(
      () => true,
      () => false,
    )
  }

  /** When everything that was begun is on the disk. */
  async close(): Promise<void> {
    await this.#order
    await this.store.close()
  }

  async #changed(changed: Goal): Promise<Goal> {
    await this.#refresh()
    const goal = this.#unwritten.now(changed)
    this.#tell(goal)
    return goal
  }

  #tell(goal: Goal): void {
    this.hub.emit('goal', goal)
    this.hub.emit('queue', { ids: this.unfinished.map(({ id }) => id) })
  }

  async #refresh(): Promise<void> {
    this.#unfinished = await this.store.queue()
    this.#finished = await this.store.list({ state: 'finished', limit: historyShown })
  }
}

function expectGoal(id: string, goal: Goal | null, what: string): Goal {
  if (goal !== null) return goal
  throw new CliportError('GOAL_UNKNOWN', `Expected the id of ${what} but received '${id}'`, {
    stage: 'serve',
    hint: 'cliport goal list names the goals and their states',
  })
}

function otherGoal({ id, sentence }: Goal): CliportError {
  return new CliportError(
    'INPUT_INVALID',
    `The idempotency key was given before, with another goal: ${id}, '${sentence}'`,
    {
      stage: 'serve',
      hint: 'Give every goal a key of its own; the same key is for asking again for the same goal',
    },
  )
}

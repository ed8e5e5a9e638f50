// The queue as the service has it: every change on the disk first, then in the state and told to everybody.

import { CliportError } from '../control/errors.js'
import { parseGoal } from '../control/goal.js'
import type { Goal } from './api.js'
import type { GoalEnd, ListGoals, NewGoal } from './goal-store.js'
import type { AsyncGoalStore } from './goal-store-client.js'
import type { Hub } from './hub.js'

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

  constructor(
    private readonly store: AsyncGoalStore,
    private readonly hub: Hub,
    private readonly limits: QueueLimits,
  ) {}

  /** In the order in which they will run. */
  get unfinished(): readonly Goal[] {
    return this.#unfinished
  }

  /** The newest, newest first. */
  get finished(): readonly Goal[] {
    return this.#finished
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

  /** The goal is on the disk when this resolves. @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG, INPUT_INVALID, QUEUE_FULL, STORE_FAILED */
  async add(
    given: Omit<NewGoal, 'atMs' | 'most'>,
    most = this.limits.unfinished,
  ): Promise<{ readonly goal: Goal; readonly isNew: boolean }> {
    const sentence = parseGoal(given.sentence)
    const added = await this.store.add({ ...given, sentence, atMs: Date.now(), most })
    if (added.isNew) await this.#changed(added.goal)
    return added
  }

  /** @throws CliportError GOAL_UNKNOWN unless it is unfinished */
  async cancel(id: string): Promise<Goal> {
    const end = { state: 'canceled', atMs: Date.now(), reason: 'canceled by a person' } as const
    return this.#changed(expectGoal(id, await this.store.end(id, end), 'an unfinished goal'))
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
    return expectGoal(id, await this.store.get(id), 'a goal')
  }

  list(what: ListGoals): Promise<Goal[]> {
    return this.store.list(what)
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

  /** Null where it is not unfinished any more. */
  async end(id: string, end: Omit<GoalEnd, 'atMs'>): Promise<Goal | null> {
    const goal = await this.store.end(id, { ...end, atMs: Date.now() })
    if (goal !== null) await this.#changed(goal)
    await this.store.prune(this.limits.finished)
    return goal
  }

  /** When everything that was begun is on the disk. */
  async close(): Promise<void> {
    await this.#order
    await this.store.close()
  }

  async #changed(goal: Goal): Promise<Goal> {
    await this.#refresh()
    this.hub.emit('goal', goal)
    this.hub.emit('queue', { ids: this.#unfinished.map(({ id }) => id) })
    return goal
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

// What the service has acknowledged, kept outside of it, and what must hold of it after each restart.

/** Unfinished goals of the service are these. */
const unfinishedStates = ['queued', 'running', 'paused']

export class Ledger {
  /** Goals as they were acknowledged last. */
  #goals = new Map()
  /** Order in which the unfinished ones would run, as acknowledged last. */
  #order = []
  /** How often a person has asked for a goal to be taken up again. */
  #resumes = new Map()
  /** Requests without an answer: key -> sentence. */
  #unanswered = new Map()
  #keys = 0

  /** @param onFailure hears of everything that must not be */
  constructor(onFailure) {
    this.fail = onFailure
  }

  get acknowledged() {
    return this.#goals.size
  }

  /** Number of goals in each state, and of finished ones in each outcome. */
  get counts() {
    const counts = {}
    for (const { state, outcome } of this.#goals.values()) {
      const name = state === 'done' ? outcome : state
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  }

  get starts() {
    return [...this.#goals.values()].reduce((sum, { starts }) => sum + starts, 0)
  }

  /** Goals that have ended, with any outcome. */
  get done() {
    return [...this.#goals.values()].filter(({ state }) => state === 'done').length
  }

  get achieved() {
    return [...this.#goals.values()].filter(({ outcome }) => outcome === 'achieved').length
  }

  /** Whether a goal that was begun after this moment has been achieved. */
  achievedSince(atMs) {
    return [...this.#goals.values()].some(
      ({ outcome, started_at_ms: startedMs }) => outcome === 'achieved' && startedMs > atMs,
    )
  }

  doneSince(atMs) {
    return [...this.#goals.values()].some(({ state, started_at_ms: startedMs }) => state === 'done' && startedMs > atMs)
  }

  saw(goal) {
    const before = this.#goals.get(goal.id)
    if (before !== undefined && before.sentence !== goal.sentence) this.fail(`${goal.id} has another sentence`)
    if (before?.state === 'done' && (goal.state !== 'done' || goal.starts !== before.starts)) {
      this.fail(`${goal.id} was ${before.outcome} and is ${goal.state} after ${goal.starts} starts`)
    }
    const most = 1 + (this.#resumes.get(goal.id) ?? 0)
    if (goal.starts > most) this.fail(`${goal.id} was begun ${goal.starts} times, ${most} at most were asked for`)
    const { id, sentence, state, outcome, starts, started_at_ms } = goal
    this.#goals.set(id, { id, sentence, state, outcome, starts, started_at_ms })
  }

  sawState({ queue, history }) {
    for (const goal of [...history, ...queue]) this.saw(goal)
    this.#order = queue.map(({ id }) => id)
  }

  /** Adds a goal; a request that is not answered is sent again after the next restart. */
  async add(client, sentence, front) {
    const key = `soak-${this.#keys++}`
    this.#unanswered.set(key, sentence)
    const goal = await client.add(sentence, { key, front, source: 'soak' }).catch((error) => {
      // Refused is an answer.
      if (error.code !== 'SERVICE_ABSENT') this.#unanswered.delete(key)
      throw error
    })
    this.#unanswered.delete(key)
    this.saw(goal)
  }

  /** Before it is asked for: a service that dies before it answers may have done it. */
  resumes(...ids) {
    for (const id of ids) this.#resumes.set(id, (this.#resumes.get(id) ?? 0) + 1)
  }

  /** After a restart, before a person has done anything. */
  async audit(client) {
    const state = await client.state()
    const { session, queue } = state
    if (session.armed || session.running !== null) this.fail(`a start is ${session.mode} instead of disarmed`)
    for (const { id, state: now } of queue) if (now !== 'paused') this.fail(`${id} is ${now} after a restart`)
    const ids = queue.map(({ id }) => id)
    for (const [id, before] of this.#goals) {
      const now = await client.goal(id).catch((error) => this.fail(`${id} is lost: ${error.message}`))
      if (now === undefined) continue
      this.saw(now)
      if (unfinishedStates.includes(before.state) && now.state === 'paused' && !ids.includes(id)) {
        this.fail(`${id} is paused and not in the queue`)
      }
    }
    // What was acknowledged keeps its order; what was not may stand anywhere.
    const kept = this.#order.filter((id) => ids.includes(id))
    const order = ids.filter((id) => kept.includes(id))
    if (kept.join() !== order.join()) this.fail(`the queue was ${kept} and is ${order}`)
    for (const [key, sentence] of [...this.#unanswered]) {
      this.saw(await client.add(sentence, { key, source: 'soak' }))
      this.#unanswered.delete(key)
    }
    this.sawState(await client.state())
  }
}

// The person of a soak: gives goals that fit, that do not fit and that ask, answers, cancels, reorders, stops, clears and
// arms, at random but from a seed.

const colors = ['blue', 'red', 'green', 'yellow', 'brown', 'gray', 'cyan']
/** What the service says when it may not do something now; anything else is a fault of it. */
const statedCodes = [
  'SERVICE_REFUSED',
  'COMMAND_EXPIRED',
  'GOAL_UNKNOWN',
  'QUEUE_FULL',
  'STORE_FAILED',
  'DISK_FULL',
  'INPUT_INVALID',
  'LINK_ABSENT',
  'LINK_REFUSED',
  'LINK_PEER_LOST',
  'LINK_STATE_STALE',
  'CAMERA_STALLED',
  'FRAME_INVALID',
  'CELL_FAILED',
  'CELL_DEAD',
]
const greatestSeed = 19_999
/** Requests in a row that a service may leave without an answer, a minute each, because the machine is busy. */
const mostSilences = 10

/** Numbers 0..1 from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Person {
  /** Refusals by code. */
  refusals = {}
  acts = {}
  scene
  /** False: no goals are given, so that the queue runs empty. */
  isGiving = true
  #silences = 0

  constructor(ledger, random, onFailure) {
    this.ledger = ledger
    this.random = random
    this.fail = onFailure
    this.scene = this.anotherScene()
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)]
  }

  anotherScene() {
    const [block, bowl] = [this.pick(colors), this.pick(colors)]
    const seed = Math.floor(this.random() * (greatestSeed + 1))
    return { seed, sentence: `put the ${block} blocks in a ${bowl} bowl` }
  }

  /** Whether a request that was not answered may be made again: not of a service that ended, nor of one that hangs. */
  mayTryAgain(error) {
    if (error.code !== 'SERVICE_ABSENT' || !/no answer within/.test(error.message)) return false
    this.refusals['no answer'] = (this.refusals['no answer'] ?? 0) + 1
    this.#silences++
    return this.#silences <= mostSilences
  }

  /** @returns what it resolves to; undefined when the service refused, with a stated code */
  async act(name, work) {
    this.acts[name] = (this.acts[name] ?? 0) + 1
    try {
      const done = await work()
      this.#silences = 0
      return done
    } catch (error) {
      if (this.mayTryAgain(error)) return undefined
      if (error.code === 'SERVICE_ABSENT') throw error
      this.refusals[error.code] = (this.refusals[error.code] ?? 0) + 1
      if (!statedCodes.includes(error.code)) this.fail(`${name}: ${error.code}: ${error.message}`)
      return undefined
    }
  }

  /** One look at the service, and what a person does then. @throws CliportError SERVICE_ABSENT */
  async turn(client) {
    const state = await client.state()
    this.#silences = 0
    this.ledger.sawState(state)
    const { session, question, queue } = state
    if (session.mode === 'stopped' || session.mode === 'fault') await this.act('clear', () => client.clear())
    else if (session.mode === 'disarmed' && state.robot?.holding) await this.act('release', () => client.release())
    else if (session.mode === 'disarmed') await this.act('arm', () => client.arm())
    else if (question !== null) await this.#answer(client, question)
    else if (session.paused) {
      // What is paused by a person goes on, and with it every paused goal of the queue.
      this.ledger.resumes(...queue.filter(({ state: one }) => one === 'paused').map(({ id }) => id))
      await this.act('resume', () => client.resume())
    } else await this.#keepBusy(client, state)
    return state
  }

  async #answer(client, { id, goal_id: goalId, candidates }) {
    const dice = this.random()
    if (dice < 0.1) await this.act('cancel', async () => this.ledger.saw(await client.cancel(goalId)))
    else {
      const choice = dice < 0.2 ? null : Math.floor(this.random() * candidates.length)
      await this.act('answer', () => client.answer(id, choice))
    }
  }

  async #keepBusy(client, { session, queue }) {
    const paused = queue.find(({ state }) => state === 'paused')
    if (paused !== undefined && this.random() < 0.7) {
      this.ledger.resumes(paused.id)
      await this.act('resume a goal', async () => this.ledger.saw(await client.resumeGoal(paused.id)))
      return
    }
    if (!this.isGiving) return
    if (queue.length < 3) {
      await this.act('add', () => this.ledger.add(client, this.#sentence(), this.random() < 0.1))
      return
    }
    const dice = this.random()
    if (dice < 0.05) {
      await this.act('cancel', async () => this.ledger.saw(await client.cancel(this.pick(queue).id)))
    } else if (dice < 0.15) {
      const [one, other] = [this.pick(queue), this.random() < 0.3 ? null : this.pick(queue).id]
      if (one.id === other) return
      await this.act('move', async () => {
        this.ledger.saw(await client.move(one.id, other))
        this.ledger.sawState(await client.state())
      })
    } else if (dice < 0.25) await this.act('preview', () => client.preview(this.#sentence(), this.random() < 0.5))
    else if (dice < 0.27) await this.act('pause', () => client.pause())
    else if (dice < 0.28 && session.mode === 'running') await this.act('stop', () => client.stop('soak'))
  }

  #sentence() {
    const dice = this.random()
    if (dice < 0.5) return this.scene.sentence
    if (dice < 0.65) return `put the ${this.pick(colors)} block in the ${this.pick(colors)} bowl`
    if (dice < 0.8) return 'put the block in the bowl'
    if (dice < 0.9) return this.scene.sentence.replace('blocks', 'blokcs')
    return this.pick(['sing a song', 'put the purple cow on the moon', 'do not move', 'put it there'])
  }
}

// The service: one queue, one workcell, one state machine, and the acts of people and programs on them. What speaks HTTP
// stands before it (http/), what speaks to the arm behind it (workcell.ts).

import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { CliportError } from '../control/errors.js'
import { gridSize } from '../control/geometry.js'
import { parseGoal } from '../control/goal.js'
import { returnLargeBlocks } from '../native/memory.js'
import type { Config } from '../runtime/config/schema.js'
import { workspaceOf } from '../runtime/settings.js'
import {
  apiVersion,
  type Goal,
  type lexiconSchema,
  type Preview,
  type ServiceState,
  type Takeover,
  type Turn,
} from './api.js'
import { Gate } from './gate.js'
import { runGoalOfQueue } from './goal-run.js'
import type { ListGoals } from './goal-store.js'
import type { AsyncGoalStore } from './goal-store-client.js'
import { Hub } from './hub.js'
import { LinkWatch } from './link-watch.js'
import { Live } from './live.js'
import { Previewer, type PreviewRequest } from './preview.js'
import { Questions } from './questions.js'
import { after, atStart, mayArm, mayBegin, mayClear, modeOf, reasonOf, type SessionEvent } from './session-machine.js'
import { expectInside } from './takeover.js'
import { problemOf, robotOf } from './wire.js'
import { type SceneChoice, Workcell } from './workcell.js'

/** How often what is lost is opened again. */
const reopenMs = 5000
/** Finished goals in the state; `list` has the others. */
const historyShown = 20

export interface ServiceOptions {
  readonly config: Config
  readonly scene: SceneChoice
  readonly store: AsyncGoalStore
  readonly version: string
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
  /** Takes every stage's duration. */
  readonly onStage?: (stage: string, durationMs: number) => void
  /** Hears of every goal that ended. */
  readonly onEnd?: (goal: Goal) => void
}

interface Running {
  readonly goal: Goal
  readonly gate: Gate
  readonly abort: AbortController
  ended: Promise<void>
}

export class Service {
  readonly epoch = randomUUID()
  readonly startedAtMs = Date.now()
  readonly #startedMs = performance.now()
  readonly hub = new Hub(() => this.clockMs)
  readonly workcell: Workcell
  readonly live: Live
  readonly #previewer: Previewer
  readonly #questions: Questions
  readonly #linkWatch: LinkWatch
  #facts = atStart
  #problem: CliportError | null = null
  #queue: readonly Goal[] = []
  #history: readonly Goal[] = []
  #turn: Turn | null = null
  #running: Running | null = null
  readonly #closing = new AbortController()
  /** Acts on the queue, one after the other. */
  #order: Promise<unknown> = Promise.resolve()
  #opening: Promise<void> = Promise.resolve()
  #reopen: NodeJS.Timeout | null = null

  private constructor(private readonly options: ServiceOptions) {
    const { config, scene, tell } = options
    this.workcell = new Workcell(config, scene, tell)
    this.live = new Live(
      this.workcell,
      this.hub,
      () => this.#running !== null,
      () => this.clockMs,
    )
    this.#previewer = new Previewer(this.workcell)
    this.#questions = new Questions(config.service.question_timeout_s * 1000, (question) => {
      this.#happened({ kind: question === null ? 'answered' : 'asks' })
      this.hub.emit('question', { question })
    })
    this.#linkWatch = new LinkWatch(this.workcell, {
      onState: (state) => this.hub.emit('robot', robotOf(state, process.hrtime.bigint())),
      onLatched: (as, reason) => this.#latched(as, reason),
      onLost: (reason) => this.#lose(reason),
    })
  }

  /** Takes up the queue, every unfinished goal of it paused, and opens the workcell; disarmed. @throws CliportError STORE_FAILED */
  static async start(options: ServiceOptions): Promise<Service> {
    returnLargeBlocks()
    const service = new Service(options)
    const { store, tell } = options
    const n = await store.pauseUnfinished('unfinished when the service ended; a person resumes it')
    if (n > 0) tell(`${n} unfinished goal(s) of before are paused: cliport goal resume`)
    await service.#refresh()
    service.#opening = service.#open()
    await service.#opening
    service.live.begin()
    service.#linkWatch.begin()
    return service
  }

  /** The service's clock, milliseconds since its start. */
  get clockMs(): number {
    return performance.now() - this.#startedMs
  }

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

  state(): ServiceState {
    const { workcell } = this
    const { link, policy } = workcell
    const spec = workspaceOf(workcell.config)
    const robot = link?.state ?? null
    return {
      api: apiVersion,
      version: this.options.version,
      epoch: this.epoch,
      clock_ms: this.clockMs,
      started_at_ms: this.startedAtMs,
      simulated: workcell.isSimulated,
      backend: link?.backend ?? null,
      policy: policy?.info.name ?? null,
      workspace: {
        ...gridSize(spec),
        x_min_m: spec.xMinM,
        y_min_m: spec.yMinM,
        z_min_m: spec.zMinM,
        pixel_m: spec.pixelM,
      },
      scene: workcell.scene,
      session: this.session,
      robot: robot === null ? null : robotOf(robot, process.hrtime.bigint()),
      cameras: this.live.cameras(),
      question: this.#questions.open,
      turn: this.#turn,
      queue: [...this.#queue],
      history: [...this.#history],
      problems: [],
    }
  }

  /** Words that the policy knows; none before it is open. */
  lexicon(): z.infer<typeof lexiconSchema> {
    const { nouns = {}, colors = {}, relations = {} } = this.workcell.policy?.info.lexicon ?? {}
    return {
      nouns: [...new Set(Object.values(nouns).flat())],
      colors: { ...colors },
      relations: [...new Set(Object.values(relations).flat())],
    }
  }

  // ---- acts on the arm ----

  /** A person arms: the next queued goal begins. @throws CliportError SERVICE_REFUSED, LINK_REFUSED, LINK_PEER_LOST */
  async arm(): Promise<void> {
    this.#expect(mayArm(this.#facts), 'arm')
    await this.workcell.ports.link.arm()
    this.#happened({ kind: 'armed' })
    this.#kick()
  }

  /** @throws CliportError SERVICE_REFUSED while a goal runs */
  async disarm(): Promise<void> {
    this.#expect(this.#facts.activity === null ? null : 'a goal runs: stop it, or cancel it', 'disarm')
    this.#happened({ kind: 'disarmed' })
    await this.workcell.disarm()
  }

  /** Stops the arm now, and latches. Resolves when the controller has begun to stop. @throws CliportError LINK_PEER_LOST */
  async stop(reason: string): Promise<void> {
    const stopping = this.workcell.link?.stop(reason)
    this.#latched('stopped', reason)
    await stopping
  }

  /** A person has looked at the arm. Disarmed afterwards. @throws CliportError SERVICE_REFUSED, LINK_REFUSED, LINK_PEER_LOST */
  async clear(): Promise<void> {
    await this.#running?.ended
    this.#expect(mayClear(this.#facts), 'clear')
    await this.workcell.clear(AbortSignal.any([this.#closing.signal, AbortSignal.timeout(clearTimeoutMs)]))
    this.#happened({ kind: 'cleared' })
  }

  /** No next action: a goal that runs waits before its next look, the others wait in the queue. */
  pause(): void {
    this.#running?.gate.pause()
    this.#happened({ kind: 'paused' })
  }

  /** Goes on with everything that is paused, the goals of before a restart too. */
  async resume(): Promise<void> {
    this.#happened({ kind: 'resumed' })
    this.#running?.gate.resume()
    await this.#inOrder(async () => {
      for (const goal of await this.options.store.resumeAll()) await this.#changed(goal)
    })
    this.#kick()
  }

  /** Another simulated scene, whose arm is disarmed. @throws CliportError SERVICE_REFUSED, TASK_UNKNOWN, CELL_FAILED */
  async reset(scene: SceneChoice): Promise<void> {
    this.#expect(this.#facts.activity === null ? null : 'a goal runs', 'make another scene')
    await this.#inOrder(async () => {
      this.#happened({ kind: 'lost', reason: 'another scene is made' })
      this.hub.forget('pick', 'place')
      try {
        await this.workcell.reset(scene)
        this.#happened({ kind: 'opened' })
      } catch (error) {
        this.#problem = error as CliportError
        this.#lose((error as Error).message)
        throw error
      }
    })
    this.hub.emit('state', this.state())
  }

  // ---- acts on goals ----

  /** The goal is on the disk when this resolves. @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG, INPUT_INVALID, QUEUE_FULL, STORE_FAILED */
  async add(
    sentence: string,
    given: { readonly source: string; readonly key?: string; readonly front?: boolean },
  ): Promise<{ readonly goal: Goal; readonly isNew: boolean }> {
    const { queue_max: most } = this.workcell.config.service
    const parsed = parseGoal(sentence)
    const added = await this.#inOrder(async () => {
      const answer = await this.options.store.add({
        sentence: parsed,
        kind: 'sentence',
        atMs: Date.now(),
        most,
        ...given,
      })
      if (answer.isNew) await this.#changed(answer.goal)
      return answer
    })
    this.#kick()
    return added
  }

  /** A goal that runs ends before its next action. @throws CliportError GOAL_UNKNOWN */
  cancel(id: string): Promise<Goal> {
    return this.#inOrder(async () => {
      if (this.#running?.goal.id === id) {
        this.#running.gate.cancel('canceled by a person')
        return this.#running.goal
      }
      const end = { state: 'canceled', atMs: Date.now(), reason: 'canceled by a person' } as const
      return this.#changed(expectGoal(id, await this.options.store.end(id, end), 'an unfinished goal'))
    })
  }

  /** @throws CliportError GOAL_UNKNOWN unless it is paused */
  async resumeGoal(id: string): Promise<Goal> {
    const goal = await this.#inOrder(async () =>
      this.#changed(expectGoal(id, await this.options.store.resume(id), 'a paused goal')),
    )
    this.#kick()
    return goal
  }

  /** @throws CliportError GOAL_UNKNOWN */
  move(id: string, before: string | null): Promise<Goal> {
    return this.#inOrder(async () => {
      const { store } = this.options
      const isMoved = await store.move(id, before)
      return this.#changed(expectGoal(id, isMoved ? await store.get(id) : null, 'unfinished goals'))
    })
  }

  /** @throws CliportError GOAL_UNKNOWN */
  flag(id: string, flag: Goal['flag'], note: string): Promise<Goal> {
    return this.#inOrder(async () =>
      this.#changed(expectGoal(id, await this.options.store.flag(id, flag, note), 'a goal')),
    )
  }

  /** @throws CliportError GOAL_UNKNOWN */
  async goal(id: string): Promise<Goal> {
    return expectGoal(id, await this.options.store.get(id), 'a goal')
  }

  list(what: ListGoals): Promise<Goal[]> {
    return this.options.store.list(what)
  }

  preview(request: PreviewRequest): Promise<Preview> {
    return this.#previewer.preview(request)
  }

  /** Begins at once what a person clicked. @throws CliportError SERVICE_REFUSED, INPUT_INVALID, STORE_FAILED */
  async takeover(takeover: Takeover): Promise<Goal> {
    const sentence = parseGoal(takeover.sentence)
    return this.#inOrder(async () => {
      this.#expect(mayBegin(this.#facts, 'takeover'), 'take over')
      if (this.workcell.view === null) this.workcell.seen(await this.workcell.look())
      expectInside(this.workcell.view!.view.heightmap, takeover)
      const { store } = this.options
      const given = {
        kind: 'takeover',
        source: 'page',
        front: true,
        atMs: Date.now(),
        most: Number.MAX_SAFE_INTEGER,
      } as const
      const { goal } = await store.add({ sentence, ...given })
      const begun = expectGoal(goal.id, await store.begin(Date.now(), goal.id), 'a goal')
      await this.#begin(begun, takeover)
      return begun
    })
  }

  /** @throws CliportError GOAL_UNKNOWN where nobody asks that any more; INPUT_INVALID */
  answer(id: string, choice: number | null): void {
    this.#questions.answer(id, choice)
  }

  /** Stops what moves; its goal is paused. Everything that was told is on the disk. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#happened({ kind: 'closing' })
    this.#closing.abort()
    if (this.#reopen !== null) clearTimeout(this.#reopen)
    this.#running?.abort.abort()
    await this.#running?.ended
    await this.#order.catch(() => {})
    this.live.end()
    this.#linkWatch.end()
    await this.#opening.catch(() => {})
    await this.workcell.close()
    await this.options.store.close()
  }

  // ---- the queue ----

  #kick(): void {
    void this.#inOrder(async () => {
      if (mayBegin(this.#facts, 'sentence') !== null) return
      const goal = await this.options.store.begin(Date.now())
      if (goal !== null) await this.#begin(goal)
    }).catch((error) => this.#trouble(error))
  }

  /** @param goal written as running */
  async #begin(goal: Goal, takeover?: Takeover): Promise<void> {
    const refusal = mayBegin(this.#facts, goal.kind)
    if (refusal !== null) {
      // Stopped while it was written.
      await this.options.store.putBack(goal.id)
      await this.#refresh()
      return
    }
    this.#happened({ kind: 'began', goalId: goal.id, activity: goal.kind })
    const isPaused = this.#facts.paused && goal.kind === 'sentence'
    const gate = new Gate(
      isPaused,
      () => this.#happened({ kind: 'held' }),
      () => this.#happened({ kind: 'released' }),
    )
    const running: Running = { goal, gate, abort: new AbortController(), ended: Promise.resolve() }
    this.#running = running
    await this.#changed(goal)
    running.ended = this.#run(running, takeover)
  }

  /** Never throws. */
  async #run(running: Running, takeover: Takeover | undefined): Promise<void> {
    const { goal, gate, abort } = running
    const { store, onStage = () => {}, onEnd, tell } = this.options
    const say = (line: string) => {
      tell(line)
      this.hub.emit('log', { line })
    }
    try {
      const report = await runGoalOfQueue({
        goal,
        workcell: this.workcell,
        live: this.live,
        gate,
        signal: abort.signal,
        clarify: (question, signal) => this.#questions.ask(goal, question, signal),
        ...(takeover === undefined ? {} : { takeover }),
        onTurn: (turn) => {
          this.#turn = turn
          this.hub.emit('turn', turn)
        },
        onStage,
        tell: say,
      }).catch((error: unknown) => error as Error)
      const end = endOf(report, gate.canceled, this.#closing.signal.aborted)
      const ended = await store.end(goal.id, { ...end, atMs: Date.now() })
      if (ended !== null) {
        await this.#changed(ended)
        onEnd?.(ended)
      }
      await store.prune(this.workcell.config.service.history_max)
      if (!(report instanceof Error) && report.error !== undefined)
        this.#afterError(report.error.code, report.error.message)
    } catch (error) {
      this.#trouble(error)
    } finally {
      this.#running = null
      this.#happened({ kind: 'ended' })
    }
    this.#kick()
  }

  #afterError(code: string, message: string): void {
    if (lossCodes.includes(code)) this.#lose(message)
    else if (code === 'ARM_FAULT') this.#latched('fault', message)
    else this.#latched('stopped', message)
  }

  // ---- what happens to the workcell ----

  async #open(): Promise<void> {
    const { signal } = this.#closing
    if (signal.aborted) return
    try {
      await this.workcell.open(signal)
      this.#problem = null
      this.#happened({ kind: 'opened' })
      this.hub.emit('state', this.state())
    } catch (error) {
      if (signal.aborted) return
      this.#problem = error instanceof CliportError ? error : unexpected(error)
      this.#lose(this.#problem.message)
    }
  }

  #lose(reason: string): void {
    if (this.#closing.signal.aborted) return
    this.options.tell(`lost: ${reason}`)
    this.#happened({ kind: 'lost', reason })
    this.#running?.abort.abort()
    if (this.#reopen !== null) clearTimeout(this.#reopen)
    this.#reopen = setTimeout(() => {
      this.#reopen = null
      this.#opening = (this.#running?.ended ?? Promise.resolve()).then(() => this.#open())
    }, reopenMs)
  }

  #latched(as: 'stopped' | 'fault', reason: string): void {
    this.#happened({ kind: 'latched', as, reason })
    this.#running?.abort.abort()
  }

  #trouble(error: unknown): void {
    this.#problem = error instanceof CliportError ? error : unexpected(error)
    this.options.tell(this.#problem.message)
    this.hub.emit('problem', problemOf(this.#problem))
  }

  #happened(event: SessionEvent): void {
    const before = JSON.stringify(this.session)
    this.#facts = after(this.#facts, event)
    if (JSON.stringify(this.session) !== before) this.hub.emit('session', this.session)
  }

  #expect(refusal: string | null, act: string): void {
    if (refusal === null) return
    throw new CliportError('SERVICE_REFUSED', `Expected to ${act}, but ${refusal}`, {
      stage: 'serve',
      hint: 'cliport status says what the service waits for',
    })
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#order.then(work)
    this.#order = done.catch(() => {})
    return done
  }

  async #changed(goal: Goal): Promise<Goal> {
    await this.#refresh()
    this.hub.emit('goal', goal)
    this.hub.emit('queue', { ids: this.#queue.map(({ id }) => id) })
    return goal
  }

  async #refresh(): Promise<void> {
    const { store } = this.options
    this.#queue = await store.queue()
    this.#history = await store.list({ state: 'finished', limit: historyShown })
  }
}

const clearTimeoutMs = 30_000

/** After these the session is opened anew. */
const lossCodes: readonly string[] = [
  'LINK_PEER_LOST',
  'LINK_ABSENT',
  'CELL_FAILED',
  'CAMERA_STALLED',
  'POLICY_INVALID',
]

function endOf(
  report: Awaited<ReturnType<typeof runGoalOfQueue>> | Error,
  canceled: string | null,
  isClosing: boolean,
) {
  if (report instanceof Error) return { state: 'done', outcome: 'error', reason: report.message } as const
  const { outcome, reason, folder } = report
  const kept = { folder, report }
  if (isClosing && outcome === 'stopped') {
    return { state: 'paused', reason: 'unfinished when the service ended; a person resumes it', ...kept } as const
  }
  if (canceled !== null && outcome === 'stopped') return { state: 'canceled', reason: canceled, ...kept } as const
  return { state: 'done', outcome, reason, ...kept } as const
}

function expectGoal(id: string, goal: Goal | null, what: string): Goal {
  if (goal !== null) return goal
  throw new CliportError('GOAL_UNKNOWN', `Expected the id of ${what} but received '${id}'`, {
    stage: 'serve',
    hint: 'cliport goal list names the goals and their states',
  })
}

function unexpected(cause: unknown): CliportError {
  return new CliportError('UNEXPECTED', (cause as Error).message, {
    stage: 'serve',
    hint: 'A fault of this program: report this message',
    cause,
  })
}

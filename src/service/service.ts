// The service: one queue, one workcell, and what people and programs see of them. What speaks HTTP stands before it
// (http/), what moves the arm behind it (runner.ts, workcell.ts).

import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { gridSize } from '../control/geometry.js'
import { returnLargeBlocks, shareArenas } from '../native/memory.js'
import type { Config } from '../runtime/config/schema.js'
import { workspaceOf } from '../runtime/settings.js'
import { apiVersion, type Goal, type lexiconSchema, type Preview, type ServiceState, type Turn } from './api.js'
import { Disks } from './disks.js'
import { GoalQueue } from './goal-queue.js'
import type { NewGoal } from './goal-store.js'
import type { AsyncGoalStore } from './goal-store-client.js'
import { Hub } from './hub.js'
import { LinkWatch } from './link-watch.js'
import { Live } from './live.js'
import { MemoryReturn } from './memory-return.js'
import { Previewer, type PreviewRequest } from './preview.js'
import { Questions } from './questions.js'
import { RecordingRing, ringLimitsOf } from './recording-ring.js'
import { RobotMicrophone } from './robot-microphone.js'
import { Runner } from './runner.js'
import { SpokenAnswers } from './spoken-answers.js'
import { stateFolderOf } from './state-folder.js'
import { VoiceDesk } from './voice-desk.js'
import { robotOf } from './wire.js'
import { type SceneChoice, Workcell } from './workcell.js'

export interface ServiceOptions {
  readonly config: Config
  readonly scene: SceneChoice
  readonly store: AsyncGoalStore
  readonly version: string
  /** The service is to end: what is being opened is given up. */
  readonly signal?: AbortSignal
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
  /** Takes every stage's duration. */
  readonly onStage?: (stage: string, durationMs: number) => void
  /** Hears of every goal that ended. */
  readonly onEnd?: (goal: Goal) => void
}

export class Service {
  /** Of this start. */
  readonly epoch = randomUUID()
  readonly hub = new Hub(() => this.clockMs)
  readonly workcell: Workcell
  readonly queue: GoalQueue
  readonly runner: Runner
  readonly live: Live
  readonly ring: RecordingRing
  readonly voiceDesk: VoiceDesk
  readonly #startedAtMs = Date.now()
  readonly #startedMs = performance.now()
  readonly #previewer: Previewer
  readonly #questions: Questions
  readonly #linkWatch: LinkWatch
  readonly #disks: Disks
  readonly #memory = new MemoryReturn(() => this.runner.isMoving)
  readonly #answers: SpokenAnswers | null
  readonly #microphone: RobotMicrophone | null
  readonly #version: string
  #turn: Turn | null = null
  #resting: Promise<void> | null = null
  #closing: Promise<void> | null = null

  private constructor({ config, scene, store, version, tell, onStage = () => {}, onEnd = () => {} }: ServiceOptions) {
    const { queue_max: unfinished, history_max: finished, question_timeout_s: timeoutS } = config.service
    const { hub } = this
    this.#version = version
    const workcell = new Workcell(config, scene, tell)
    this.workcell = workcell
    const queue = new GoalQueue(store, hub, { unfinished, finished })
    this.queue = queue
    const isMoving = () => this.runner.isMoving
    const live = new Live(
      workcell,
      hub,
      isMoving,
      () => this.#previewer.isAsked,
      () => this.clockMs,
    )
    this.live = live
    this.ring = new RecordingRing(config.run.out, ringLimitsOf(config), tell)
    this.#disks = new Disks({ goals: stateFolderOf(config), runs: config.run.out }, () =>
      hub.emit('state', this.state()),
    )
    this.#previewer = new Previewer(workcell)
    this.#questions = new Questions(timeoutS * 1000, (question) => {
      this.runner.happened({ kind: question === null ? 'answered' : 'asks' })
      hub.emit('question', { question })
    })
    this.runner = new Runner({
      queue,
      workcell,
      live,
      hub,
      clarify: (goal, question, signal) => this.#questions.ask(goal, question, signal),
      onTurn: (turn) => {
        this.#turn = turn
        hub.emit('turn', turn)
      },
      onStage,
      onEnd: (goal) => {
        this.#memory.between()
        onEnd(goal)
      },
      hasRoom: (use) => this.#disks.hasRoom(use),
      onOpened: () => hub.emit('state', this.state()),
      tell,
    })
    this.voiceDesk = new VoiceDesk({
      config,
      table: () => workcell.view?.view.heightmap ?? null,
      understand: () => (workcell.isOpen ? workcell.understandOptions : {}),
      stop: (reason) => this.runner.stop(reason),
    })
    this.#answers = SpokenAnswers.of(config.voice.answers, hub, tell)
    this.#microphone = RobotMicrophone.of(config.voice, this.voiceDesk, {
      ...(this.#answers === null ? {} : { answers: this.#answers }),
      onEvent: (event) => hub.emit('voice', event),
      onChange: () => hub.emit('state', this.state()),
      tell,
    })
    this.#linkWatch = new LinkWatch(workcell, {
      onState: (state) => {
        hub.emit('robot', robotOf(state, process.hrtime.bigint()))
        this.runner.happened({ kind: 'holds', holding: state.endEffector.holding })
      },
      onLatched: (as, reason) => this.runner.latched(as, reason),
      onLost: (reason) => this.runner.lost(reason),
    })
  }

  /**
   * Takes up the queue, every unfinished goal of it paused, and opens the workcell, disarmed; what cannot be opened is
   * tried again, and the state says so.
   * @throws CliportError STORE_FAILED
   */
  static async start(options: ServiceOptions): Promise<Service> {
    returnLargeBlocks()
    shareArenas()
    const service = new Service(options)
    options.signal?.addEventListener('abort', () => void service.rest(), { once: true })
    const n = await service.queue.takeUp()
    if (n > 0)
      options.tell(
        `${n} unfinished goal(s) of before are paused: cliport resume goes on with them, cliport goal resume ID with one`,
      )
    await service.voiceDesk.look()
    await service.#disks.begin()
    await service.runner.open()
    if (service.#resting !== null) return service
    service.#microphone?.begin()
    service.live.begin()
    service.ring.begin()
    service.#memory.begin()
    service.#linkWatch.begin()
    return service
  }

  /** The service's clock, milliseconds since its start. */
  get clockMs(): number {
    return performance.now() - this.#startedMs
  }

  /** Everything that the page shows. */
  state(): ServiceState {
    const { workcell, queue } = this
    const { link, policy } = workcell
    const spec = workspaceOf(workcell.config)
    const robot = link?.state ?? null
    return {
      api: apiVersion,
      version: this.#version,
      epoch: this.epoch,
      clock_ms: this.clockMs,
      started_at_ms: this.#startedAtMs,
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
      session: this.runner.session,
      robot: robot === null ? null : robotOf(robot, process.hrtime.bigint()),
      cameras: this.live.cameras(),
      question: this.#questions.open,
      turn: this.#turn,
      queue: [...queue.unfinished],
      history: [...queue.finished],
      disks: [...this.#disks.all],
      problems: [],
      voice: { missing: this.voiceDesk.lack, microphone: this.#microphone?.state ?? null },
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

  /** The goal is on the disk when this resolves. @throws as `GoalQueue.add` */
  async add(given: Omit<NewGoal, 'atMs' | 'most' | 'kind'>): Promise<{ readonly goal: Goal; readonly isNew: boolean }> {
    const added = await this.queue.add({ ...given, kind: 'sentence' })
    this.runner.kick()
    return added
  }

  /** A paused goal is queued again. @throws CliportError GOAL_UNKNOWN */
  async resume(id: string): Promise<Goal> {
    const goal = await this.queue.resume(id)
    this.runner.kick()
    return goal
  }

  /** What a sentence would do; nothing moves. @throws as `Previewer.preview` */
  preview(request: PreviewRequest): Promise<Preview> {
    return this.#previewer.preview(request)
  }

  /** @throws CliportError GOAL_UNKNOWN where nobody asks that any more; INPUT_INVALID */
  answer(id: string, choice: number | null): void {
    this.#questions.answer(id, choice)
  }

  /** Stops what moves; its goal is paused. Arm and cameras are closed; goals may still be given, and are kept. */
  rest(): Promise<void> {
    this.#resting ??= this.#rest()
    return this.#resting
  }

  /** Rests, and closes the queue: everything that was told is on the disk. */
  close(): Promise<void> {
    this.#closing ??= this.rest().finally(() => this.queue.close())
    return this.#closing
  }

  async #rest(): Promise<void> {
    this.live.end()
    this.ring.end()
    this.#disks.end()
    this.#memory.end()
    this.#linkWatch.end()
    this.#answers?.end()
    await this.#microphone?.end()
    await this.voiceDesk.close()
    await this.runner.close()
  }
}

// The simulated cell: scene, physics with the controller core, cameras, truth. Everything happens in the calling
// thread; cell-client.ts moves it to a worker.

import { performance } from 'node:perf_hooks'
import { CliportError } from '../control/errors.js'
import { translationOf, yawOf } from '../control/geometry.js'
import { parkPose } from '../control/park.js'
import { publishedWorkspace } from '../control/published-workspace.js'
import { kinematics } from '../native/kinematics.js'
import { addSensorNoise } from '../native/raster.js'
import type {
  Cell,
  CellLoad,
  CellOptions,
  CellReady,
  FreePlace,
  OracleAction,
  SimFrame,
  TrueObject,
  Truth,
} from './api.js'
import { publishedAppearance, randomizedAppearance, realSensor } from './appearance.js'
import { suctionTool } from './arm.js'
import { CellRenderer, type LabelMap, labelMap } from './cell-renderer.js'
import { Drift } from './drift.js'
import { nudge } from './nudge.js'
import { oracleAction, visibleLabels } from './oracle.js'
import { Pace } from './pace.js'
import { stepS } from './physics/mjcf.js'
import { loadPhysics, Physics } from './physics/physics.js'
import { Plant } from './plant.js'
import { type Random, random } from './random.js'
import { laidScene } from './scene.js'
import { namedBy, openMoves, placesOf, Score, targetPose } from './score.js'
import { taskNamed } from './tasks/index.js'
import type { Spot, Task, TaskScene } from './tasks/task.js'

/** Objects that roll for longer than this are looked at as they roll. */
const longestSettleS = 3
/** A command that takes longer has hung. */
const longestCommandS = 60

/**
 * Sees every step of the simulation, whichever clock runs: `picture` is of just then, although it is drawn later.
 * @param timeS simulated time since the start of the scene
 */
export type StepWatcher = (timeS: number, picture: (width: number, height: number) => Promise<Uint8Array>) => void

interface Episode {
  readonly options: CellOptions
  readonly scene: TaskScene
  readonly task: Task
  readonly plant: Plant
  readonly renderer: CellRenderer
  readonly score: Score
  readonly oracleRandom: Random
  readonly noiseRandom: Random
  readonly drift: Drift | null
  captures: number
  newestLook: CellLoad['look'] | null
  /** A capture that no motion has followed yet. */
  looked: boolean
}

export class SimulatedCell implements Cell {
  /** For films: absent in everything that is measured. */
  onStep: StepWatcher | null = null
  #episode: Episode | null = null
  #pacer: NodeJS.Timeout | null = null
  #pace: Pace | null = null
  #failure: unknown = null
  #map: { readonly stampNs: bigint; readonly map: LabelMap } | null = null
  /** Calls that look at the scene take turns, so that none of them outlives the scene that it looks at. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Calls that have not had their turn yet, and the one that has. */
  #waiting = 0

  reset(options: CellOptions): Promise<CellReady> {
    return this.#inTurn(async () => {
      this.#end()
      const episode = await this.#begin(options)
      this.#episode = episode
      const link = options.listen === undefined ? undefined : episode.plant.listen(options.listen)
      if (options.clock === 'paced') this.#startPace(episode.plant)
      return {
        goal: episode.scene.sentence,
        maxSteps: episode.scene.maxSteps,
        moves: episode.scene.goals.reduce((sum, { moves }) => sum + moves.length, 0),
        ...(link === undefined ? {} : { link }),
      }
    })
  }

  /** Truth is taken from the clean frames; the runtime gets them with the sensor's faults. */
  async capture(): Promise<readonly SimFrame[]> {
    const { options, captures } = this.#running
    const fault = options.faults?.camera
    const faulty = fault !== undefined && captures >= fault.fromCapture
    if (faulty && fault.fault === 'stall') return new Promise(() => {})
    const spoils = ({ camera }: SimFrame) => fault?.only === undefined || fault.only === camera
    return this.#inTurn(async () => {
      const episode = this.#running
      const beganNs = process.hrtime.bigint()
      const frames = await this.#look(episode)
      episode.captures++
      episode.looked = true
      episode.drift?.begin(episode.score.goal)
      if (options.sensor === 'real') for (const frame of frames) addNoise(frame, episode.noiseRandom)
      if (faulty) for (const { depthM } of frames.filter(spoils)) depthM.fill(fault.fault === 'nan' ? Number.NaN : 0)
      episode.newestLook = { beganNs, readyNs: process.hrtime.bigint() }
      return frames
    })
  }

  async watch(): Promise<readonly SimFrame[]> {
    const { options, captures } = this.#running
    const { camera: fault } = options.faults ?? {}
    const stalls = fault?.fault === 'stall' && captures >= fault.fromCapture
    if (stalls && fault.only === undefined) return []
    return this.#inTurn(async () => {
      const frames = await this.#look(this.#running)
      return stalls ? frames.filter(({ camera }) => camera !== fault.only) : frames
    })
  }

  observe(width: number, height: number): Promise<Uint8Array> {
    return this.#inTurn(() => {
      const { renderer, plant } = this.#running
      return renderer.observe(plant.physics, width, height)
    })
  }

  truth(): Promise<Truth> {
    return this.#inTurn(async () => {
      const { plant, score, scene, task } = this.#running
      const visible = visibleLabels(await this.#labels())
      const { physics } = plant
      score.update(physics)
      const open = score.goal ? openMoves(score.goal, physics) : []
      return {
        goal: score.sentence,
        score: score.value,
        achieved: score.achieved,
        remaining: open.length > 0,
        objects: trueObjects(physics),
        names: namesOf(physics, task.nouns),
        named: score.saidGoal === undefined ? null : namedBy(score.saidGoal, physics),
        colored: task.colored,
        primitive: score.saidGoal?.primitive ?? 'pick_place',
        validPicks: open.map(({ move }) => move.object).filter((label) => visible.has(label)),
        validPlaces: open.flatMap((move) => placesOf(move, physics)),
        rotations: score.goal?.rotations ?? false,
        toleranceM: score.goal?.zone === undefined ? (score.goal?.toleranceM ?? 0) : null,
        ...(scene.spots === undefined ? {} : { freePlaces: freePlaces(scene.spots, physics) }),
        timeS: Number(plant.nowNs) / 1e9,
      }
    })
  }

  oracle(): Promise<OracleAction | null> {
    return this.#inTurn(async () => {
      const { plant, score, oracleRandom } = this.#running
      const map = await this.#labels()
      score.update(plant.physics)
      return oracleAction(score.goal, plant.physics, map, oracleRandom)
    })
  }

  /** In the free clock time passes only in here: until the command has ended and the table has come to rest. */
  async send(request: Uint8Array): Promise<readonly Uint8Array[]> {
    const { plant, options } = this.#running
    const replies = plant.handle(request)
    if (options.clock === 'free') runToEnd(plant)
    return [...replies, ...plant.take()]
  }

  async state(): Promise<Uint8Array> {
    return this.#running.plant.state()
  }

  wait(seconds: number): Promise<void> {
    return this.#inTurn(async () => {
      const { plant, options } = this.#running
      if (options.clock !== 'free')
        throw failed('Expected the free clock for a wait, but the paced clock passes by itself')
      for (let steps = Math.round(seconds / stepS); steps > 0; steps--) plant.step()
    })
  }

  async load(): Promise<CellLoad> {
    const look = this.#episode?.newestLook
    return {
      isBusy: this.#waiting > 0,
      longestWaitS: (this.#pace?.longestWaitMs ?? 0) / 1e3,
      ...(look ? { look } : {}),
    }
  }

  close(): Promise<void> {
    return this.#inTurn(async () => this.#end())
  }

  async #begin(options: CellOptions): Promise<Episode> {
    checkOptions(options)
    checkAddons()
    const { seed, faults } = options
    const tool = suctionTool
    const found = taskNamed(options.task)
    const { scene, objects: placed } = laidScene(found, seed, tool, options.goal)
    const appearance =
      options.appearance === 'randomized'
        ? randomizedAppearance(placed, seed, scene.camerasAllRound)
        : publishedAppearance(placed)
    const qRad = parkedJoints()
    const physics = new Physics(await loadPhysics(), placed, tool, qRad, scene)
    const nudgeRandom = random(seed, 'nudge')
    const drift = faults?.driftMps ? new Drift(physics, faults.driftMps, random(seed, 'drift')) : null
    const onMotion = () => {
      drift?.end()
      if (!episode.looked) return
      episode.looked = false
      if (faults?.nudgeM) nudge(physics, score.goal, faults.nudgeM, nudgeRandom)
    }
    const score = new Score(scene)
    const plant = new Plant(physics, {
      tool,
      qRad,
      robot: options.robot ?? {},
      faults: { graspFailure: faults?.graspFailure ?? 0, killControllerAtS: faults?.killControllerAtS ?? Infinity },
      graspRandom: random(seed, 'grasp'),
      alwaysHeard: options.clock === 'free',
      onMotion,
      onStep: (seconds) => {
        drift?.step(seconds)
        this.onStep?.(physics.timeS, (width, height) => episode.renderer.observe(physics, width, height))
      },
    })
    const episode: Episode = {
      options,
      scene,
      task: found.task,
      plant,
      renderer: new CellRenderer(appearance, tool, scene.tool),
      score,
      oracleRandom: random(seed, 'oracle'),
      noiseRandom: random(seed, 'sensor'),
      drift,
      captures: 0,
      newestLook: null,
      looked: false,
    }
    plant.settle(longestSettleS)
    return episode
  }

  #end(): void {
    if (this.#pacer) clearTimeout(this.#pacer)
    this.#pacer = null
    this.#pace = null
    this.#map = null
    this.#failure = null
    this.#episode?.plant.close()
    this.#episode = null
  }

  get #running(): Episode {
    if (this.#failure) throw failed('The simulated cell has stopped', this.#failure)
    if (!this.#episode) throw failed('Expected a cell that was reset but received a call before the first reset')
    return this.#episode
  }

  async #look({ renderer, plant, options }: Episode): Promise<SimFrame[]> {
    const stampNs = plant.nowNs
    const frames = await renderer.look(plant.physics, stampNs)
    this.#map = { stampNs, map: await labelMap(frames, options.workspace ?? publishedWorkspace) }
    return frames
  }

  /** What the cameras see now; looked at again only when time has passed. */
  async #labels(): Promise<LabelMap> {
    const episode = this.#running
    if (this.#map?.stampNs !== episode.plant.nowNs) await this.#look(episode)
    return this.#map!.map
  }

  #startPace(plant: Plant): void {
    const pace = new Pace(stepS * 1e3, performance.now())
    this.#pace = pace
    const tick = () => {
      try {
        for (let steps = pace.stepsDue(performance.now(), plant.hearing); steps > 0; steps--) plant.step()
      } catch (error) {
        this.#failure = error
        return
      }
      this.#pacer = setTimeout(tick, 1)
    }
    tick()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++
    const result = this.#turn.then(work).finally(() => this.#waiting--)
    this.#turn = result.catch(() => {})
    return result
  }
}

function runToEnd(plant: Plant): void {
  const steps = Math.round(longestCommandS / stepS)
  let moved = false
  // A command that was just handed over is seen by the first cycle.
  for (let i = 0; i < 2 || plant.busy; i++) {
    if (i >= steps) throw failed(`A command has not ended within ${longestCommandS} simulated seconds`)
    moved ||= plant.busy
    plant.step()
  }
  if (moved) plant.settle(longestSettleS)
}

function parkedJoints(): number[] {
  const qRad = new Float64Array(7)
  const [x, y, z] = parkPose.p_base_m
  if (!kinematics().inverse(x, y, z, parkPose.yawRad, suctionTool, 0.1, qRad)) {
    throw failed(`The park pose ${parkPose.p_base_m} is out of reach`)
  }
  return [...qRad]
}

function trueObjects(physics: Physics): TrueObject[] {
  return physics.objects.map(({ label, kind, color, shape }) => {
    const T = physics.objectPose(label)
    return {
      ...{ label, kind, color: shape.ownColors ? 'own' : color, sizeM: shape.sizeM },
      ...{ p_base_m: translationOf(T), yawRad: yawOf(T) },
    }
  })
}

function freePlaces(spots: readonly Spot[], physics: Physics): FreePlace[] {
  return spots.map(({ roomM, ...target }) => ({ target: target.label, ...targetPose(target, physics), roomM }))
}

/** Of the kinds that are there. */
function namesOf(physics: Physics, nouns: Task['nouns']): Truth['names'] {
  return Object.fromEntries(physics.objects.map(({ kind }) => [kind, nouns[kind] ?? [kind]]))
}

function addNoise(frame: SimFrame, noise: Random): void {
  const { width, height } = frame.intrinsics
  addSensorNoise(frame, width, height, realSensor, noise.integer(0, 2 ** 31 - 1))
}

function checkOptions({ seed, clock, listen }: CellOptions): void {
  const wrong = (what: string, hint: string) => new CliportError('INPUT_INVALID', what, { stage: 'start', hint })
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw wrong(`Expected a whole number from 0 for the seed but received ${seed}`, 'Use a seed such as 10001.')
  }
  if (listen !== undefined && clock === 'free') {
    throw wrong(
      `Expected the paced clock for an endpoint at ${listen} but received the free clock`,
      "Set clock to 'paced', or leave listen out and use send.",
    )
  }
}

/** All addons are built together: where one loads, the others are there. */
function checkAddons(): void {
  try {
    kinematics()
  } catch (cause) {
    throw new CliportError('ADDON_MISSING', (cause as Error).message, {
      stage: 'start',
      hint: 'Build the addons with: make setup',
      cause,
    })
  }
}

function failed(message: string, cause?: unknown): CliportError {
  return new CliportError('CELL_FAILED', message, {
    stage: 'execute',
    hint: 'Reset the cell; if it happens again with the same seed, report the seed.',
    cause,
  })
}

// One goal of the queue on the workcell: a recorded run, told to everybody who listens as it happens.

import type { CycleWatcher } from '../control/cycle.js'
import type { Clarify } from '../control/goal/sentence-in-force.js'
import type { StageMeter } from '../control/ports.js'
import { shellCommand } from '../control/shell-quote.js'
import { affordanceLayer } from '../io/pictures.js'
import type { LateMaps } from '../runtime/report/late-maps.js'
import { type RunReport, recordRun } from '../runtime/run.js'
import type { Goal, Takeover, Turn } from './api.js'
import type { Gate } from './gate.js'
import type { Live } from './live.js'
import { sampleDuring } from './sampling.js'
import { personPolicy } from './takeover.js'
import { TakeoverEpisode } from './takeover-episode.js'
import { planOf, proposalOf, understoodOf } from './wire.js'
import type { Workcell } from './workcell.js'

export interface GoalRun {
  readonly goal: Goal
  readonly workcell: Workcell
  readonly live: Live
  readonly gate: Gate
  readonly signal: AbortSignal
  readonly clarify: Clarify
  /** What a person does instead of the policy. */
  readonly takeover?: Takeover
  /** Hears of every change of the turn. */
  readonly onTurn: (turn: Turn) => void
  readonly onStage: (stage: string, durationMs: number) => void
  readonly tell: (line: string) => void
}

/** @throws CliportError INPUT_INVALID or DISK_FULL when the run's folder cannot be made; later errors are an outcome */
export async function runGoalOfQueue(run: GoalRun): Promise<RunReport> {
  const { goal, workcell, gate, signal, clarify, takeover, tell } = run
  const { ports, settings, config, cell, scene } = workcell
  const turn = new TurnTeller(run)
  const person = takeover === undefined ? null : personPolicy(ports.policy, takeover)
  const episode = takeover === undefined ? null : new TakeoverEpisode(workcell, takeover)
  const report = await recordRun({
    goal: goal.sentence,
    config,
    settings: person === null ? settings : { ...settings, budget: { steps: 1, failuresInARow: 1 } },
    ports: {
      ...ports,
      camera: gate.before(ports.camera),
      ...(person === null ? {} : { policy: person.policy }),
    },
    cell,
    isScenesGoal: workcell.begins(goal.sentence),
    ...(scene === null ? {} : { scene: { task: scene.task, seed: scene.seed } }),
    command: `cliport ${shellCommand('goal', 'add', goal.sentence)}`,
    signal,
    ...(person === null ? { clarify: gate.around(clarify) } : {}),
    watcher: (mapsOf) => turn.watcher(mapsOf, [person?.watcher, episode?.watcher]),
    meter: turn,
    sample: (recorder) => sampleDuring(recorder, workcell),
    givenMs: performance.now(),
    tell,
  })
  // A goal that a person canceled ends while the arm is still on its way to where it waits.
  await workcell.untilAtRest()
  if (episode !== null) await keep(episode, report.folder, tell)
  return report
}

/** Never throws: the run is over, whatever its episode comes to. */
async function keep(episode: TakeoverEpisode, folder: string, tell: GoalRun['tell']): Promise<void> {
  try {
    const why = await episode.write(folder)
    tell(why === null ? 'kept as an episode to train on' : `not kept as an episode: ${why}`)
  } catch (error) {
    tell(`not kept as an episode: ${(error as Error).message}`)
  }
}

/** Gathers what belongs to one turn of the cycle. */
class TurnTeller implements StageMeter {
  #turn: Turn

  constructor(private readonly run: GoalRun) {
    this.#turn = {
      goal_id: run.goal.id,
      step: 0,
      understood: null,
      proposal: null,
      plan: null,
      verdict: null,
      stages_ms: {},
    }
    run.onTurn(this.#turn)
  }

  observe(stage: string, durationMs: number): void {
    this.run.onStage(stage, durationMs)
    this.#turn = { ...this.#turn, stages_ms: { ...this.#turn.stages_ms, [stage]: durationMs } }
  }

  watcher(mapsOf: LateMaps['mapsOf'], others: readonly (CycleWatcher | undefined)[]): CycleWatcher {
    const { live, workcell, goal } = this.run
    return {
      looked: (view) => {
        for (const other of others) other?.looked?.(view)
        workcell.seen(view)
        live.looked(view, goal.id)
      },
      understood: (understanding) => this.#tell({ understood: understoodOf(understanding) }),
      proposed: (proposal, decision) => {
        this.#tell({ proposal: proposalOf(proposal, decision), plan: null })
        const heightmap = workcell.view?.view.heightmap
        if (decision.kind !== 'act' || heightmap === undefined) return
        const { rows, cols } = heightmap
        // When the arm has begun to move: nobody waits for a picture before.
        const draw = async () => {
          const maps = await mapsOf(proposal)
          if (maps === null) return
          await live.heat('pick', affordanceLayer(maps.pick, rows, cols, 'pick'), goal.id)
          await live.heat('place', affordanceLayer(maps.place, rows, cols, 'place'), goal.id)
        }
        setTimeout(() => void draw().catch(() => {}), heatAfterMs).unref()
      },
      planned: (plans) => this.#tell({ plan: planOf(plans) }),
      refused: () => this.#tell({ verdict: 'refused' }),
      stepped: (step) => {
        for (const other of others) other?.stepped?.(step)
        this.#tell({ step: step.index + 1, verdict: step.verdict.result })
      },
    }
  }

  #tell(change: Partial<Turn>): void {
    this.#turn = { ...this.#turn, ...change }
    this.run.onTurn(this.#turn)
  }
}

const heatAfterMs = 50

// A simulated arm that goes from side to side for as long as it is asked to.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkPlan } from '../control/check.js'
import { CliportError } from '../control/errors.js'
import type { CheckedPlan, Vec3 } from '../control/types.js'
import type { LinkClient } from '../io/link/client.js'
import type { Config } from '../runtime/config/schema.js'
import { recover } from '../runtime/link/manual-motion.js'
import { connectLink } from '../runtime/robot.js'
import { kinematicsOf } from '../runtime/session.js'
import { cycleSettingsOf } from '../runtime/settings.js'

const left: Vec3 = [0.45, 0.25, 0.3]
const right: Vec3 = [0.45, -0.25, 0.3]
const speedMps = 0.3

/** A straight move to one side, checked from where the arm is. @throws CliportError INPUT_INVALID when it is refused */
export function sidewards(link: LinkClient, config: Config): CheckedPlan {
  const { p_base_tool_m, yawRad } = link.state!
  const target = p_base_tool_m[1] > 0 ? right : left
  const plan = checkPlan(
    { name: 'park', segments: [{ kind: 'move', p_base_m: target, yawRad: 0, speedMps }] },
    {
      start: { p_base_m: p_base_tool_m, yawRad },
      kinematics: kinematicsOf(config),
      limits: cycleSettingsOf(config).limits,
      heightmap: null,
      payloadHeightM: 0,
    },
  )
  if ('segments' in plan) return plan
  throw new CliportError('INPUT_INVALID', `The benchmark's move is refused: ${plan[0]!.code}, ${plan[0]!.received}`, {
    stage: 'start',
    hint: 'Widen the limits of the settings: the benchmark moves between y = -0.25 m and 0.25 m at 0.3 m/s',
  })
}

export class Sweep {
  readonly #link: LinkClient
  readonly #ended: Promise<unknown>
  readonly #reasons: string[] = []
  readonly #ending = new AbortController()
  #moves = 0

  private constructor(link: LinkClient, config: Config) {
    this.#link = link
    this.#ended = this.#run(config)
  }

  static async start(address: string, config: Config): Promise<Sweep> {
    return new Sweep(await connectLink(address, config), config)
  }

  get moves(): number {
    return this.#moves
  }

  /** Why moves ended otherwise than by arriving: stops that nobody asked for. */
  get interruptions(): readonly string[] {
    return this.#reasons
  }

  /** Waits for the last move. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#ended
    await this.#link.close()
  }

  async #run(config: Config): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#link.arm()
        await this.#move(config, signal)
      } catch (error) {
        if ((error as Error).name === 'AbortError') return // in the middle of a recovery
        this.#reasons.push(error instanceof CliportError ? error.code : String(error))
        await sleep(100) // a starved machine is given time, not more work
      }
    }
  }

  /** Until something else than an arrival ends a move. Whoever measures clears the stop: this arm is simulated. */
  async #move(config: Config, signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; this.#moves++) {
      const { status, reason } = await this.#link.execute(sidewards(this.#link, config))
      if (status === 'done') continue
      this.#reasons.push(`${status}: ${reason}`)
      await recover(this.#link, signal)
      return
    }
  }
}

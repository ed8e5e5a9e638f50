// What a working runtime does to the machine beside the link: decisions of the policy, and pictures of the cell.

import type { Config } from '../runtime/config/schema.js'
import { defaultTask } from '../runtime/run.js'
import { openSession } from '../runtime/session.js'

export interface Load {
  /** Decisions that the policy has made. */
  readonly decisions: number
  /** Looks of all cameras of the simulated cell. */
  readonly looks: number
  end(): Promise<void>
}

/**
 * The configured policy decides again and again about one scene; with `rendering` the cell's cameras look again and
 * again too, in a thread of their own.
 * @throws CliportError as the policy and the cell do
 */
export async function startLoad(config: Config, { rendering }: { readonly rendering: boolean }): Promise<Load> {
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell: () => {} })
  const { cell, settings } = session
  const { policy, projector } = session.ports
  const { goal } = await session.show({ task: defaultTask, seed: 1, clock: 'free' })
  const heightmap = await projector.project(await cell.capture(), settings.workspace)
  const done = { decisions: 0, looks: 0 }
  let ending = false
  const again = async (work: () => Promise<unknown>, count: keyof typeof done) => {
    for (; !ending; done[count]++) await work()
  }
  const loops = [again(() => policy.propose(heightmap, goal), 'decisions')]
  if (rendering) loops.push(again(() => cell.capture(), 'looks'))
  for (const loop of loops) loop.catch(() => {}) // heard in end()
  return {
    get decisions() {
      return done.decisions
    },
    get looks() {
      return done.looks
    },
    async end() {
      ending = true
      const ended = await Promise.allSettled(loops)
      await session.close()
      for (const loop of ended) if (loop.status === 'rejected') throw loop.reason
    },
  }
}

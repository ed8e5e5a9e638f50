// A process of `cliport record`: one cell, one episode after the other, as long as the process that started it is there.

import { rm } from 'node:fs/promises'
import { CliportError } from '../control/errors.js'
import { pathExists } from '../io/path-exists.js'
import { verifyEpisode } from '../io/recording/dataset.js'
import type { Config } from '../runtime/config/schema.js'
import { openSession } from '../runtime/session.js'
import { type DemonstrationOptions, type DemonstrationReport, demonstrate } from './demonstrate.js'

/** What does not change from episode to episode; the first message to the process. */
export type RecordJob = Pick<DemonstrationOptions, 'task' | 'frames' | 'perturb'> & { readonly config: Config }

/** One episode; every message after the first. */
export type EpisodeOrder = Pick<DemonstrationOptions, 'path' | 'seed' | 'appearance' | 'sensor'> & {
  readonly index: number
  /** A process that was killed has left a part of it. */
  readonly wasBegun: boolean
}

/** What the process says to each order. */
export type EpisodeAnswer =
  | { readonly index: number; readonly kind: 'kept' }
  | {
      readonly index: number
      readonly kind: 'recorded'
      readonly report: DemonstrationReport
      readonly redone?: string
    }
  | {
      readonly index: number
      readonly kind: 'failed'
      readonly error: Pick<CliportError, 'code' | 'stage' | 'message' | 'hint'>
    }

const parentIsGone = new AbortController()
let working: Promise<void> = Promise.resolve()

process.once('message', (job: RecordJob) => {
  const { config, ...shared } = job
  const opening = openSession(config, { cell: { thread: 'caller', policy: 'oracle' }, tell: () => {} })
  // Without a handler for it, a failure before the first order would end the process; the order gets it.
  opening.catch(() => {})

  process.on('message', (order: EpisodeOrder) => {
    working = episode(order).then((answer) => {
      if (process.connected) process.send!(answer)
    })
  })

  async function episode({ index, wasBegun, ...order }: EpisodeOrder): Promise<EpisodeAnswer> {
    try {
      const damage = await damageOf(order.path, order.seed, shared.task)
      if (damage === null) return { index, kind: 'kept' }
      await rm(order.path, { force: true })
      const report = await demonstrate(await opening, { ...shared, ...order }, parentIsGone.signal)
      const redone = damage === '' && wasBegun ? 'it was never finished' : damage
      return { index, kind: 'recorded', report, ...(redone === '' ? {} : { redone }) }
    } catch (error) {
      const { code, stage, hint } =
        error instanceof CliportError
          ? error
          : { code: 'CELL_FAILED' as const, stage: 'record' as const, hint: 'Report the seed with this message' }
      return { index, kind: 'failed', error: { code, stage, hint, message: (error as Error).message } }
    }
  }
})

// However the other process ended, this one leaves its episode and follows.
process.once('disconnect', () => {
  parentIsGone.abort()
  void working.finally(() => process.exit())
})
// What a terminal sends goes to both; the other one says how it ends.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {})

/** Null for a whole episode of this scene, '' for none, else what is wrong with the file. */
async function damageOf(path: string, seed: number, task: string): Promise<string | null> {
  if (!(await pathExists(path))) return ''
  const verification = await verifyEpisode(path)
  if (!verification.ok) return verification.reason
  const { meta } = verification
  return meta.seed === seed && meta.task === task ? null : `it is of scene ${meta.seed} of ${meta.task}`
}

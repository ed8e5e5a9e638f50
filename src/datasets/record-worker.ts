// A worker of `cliport record`: one cell in this thread, one episode after the other.

import { rm } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { CliportError } from '../control/errors.js'
import { pathExists } from '../io/path-exists.js'
import { verifyEpisode } from '../io/recording/dataset.js'
import type { Config } from '../runtime/config/schema.js'
import { openSession } from '../runtime/session.js'
import { type DemonstrationOptions, type DemonstrationReport, demonstrate } from './demonstrate.js'

/** What does not change from episode to episode. */
export type RecordWorkerData = Pick<DemonstrationOptions, 'task' | 'frames' | 'perturb'> & { readonly config: Config }

export type EpisodeOrder = Pick<DemonstrationOptions, 'path' | 'seed' | 'appearance' | 'sensor'> & {
  readonly index: number
}

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

if (parentPort !== null) {
  const port = parentPort
  const { config, ...shared } = workerData as RecordWorkerData
  const opening = openSession(config, { cell: { thread: 'caller', policy: 'oracle' }, tell: () => {} })
  const never = new AbortController().signal
  port.on('message', (order: EpisodeOrder) => {
    void episode(order).then((answer) => port.postMessage(answer))
  })

  async function episode({ index, ...order }: EpisodeOrder): Promise<EpisodeAnswer> {
    try {
      const damage = await damageOf(order.path, order.seed, shared.task)
      if (damage === null) return { index, kind: 'kept' }
      await rm(order.path, { force: true })
      await rm(`${order.path}.part`, { force: true })
      const report = await demonstrate(await opening, { ...shared, ...order }, never)
      return { index, kind: 'recorded', report, ...(damage === '' ? {} : { redone: damage }) }
    } catch (error) {
      const { code, stage, hint } =
        error instanceof CliportError
          ? error
          : { code: 'CELL_FAILED' as const, stage: 'record' as const, hint: 'Report the seed with this message' }
      return { index, kind: 'failed', error: { code, stage, hint, message: (error as Error).message } }
    }
  }
}

/** Null for a whole episode of this scene, '' for none, else what is wrong with the file. */
async function damageOf(path: string, seed: number, task: string): Promise<string | null> {
  if (!(await pathExists(path))) return (await pathExists(`${path}.part`)) ? 'it was never finished' : ''
  const verification = await verifyEpisode(path)
  if (!verification.ok) return verification.reason
  const { meta } = verification
  return meta.seed === seed && meta.task === task ? null : `it is of scene ${meta.seed} of ${meta.task}`
}

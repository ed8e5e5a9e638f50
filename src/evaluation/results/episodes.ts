// The raw results of whole episodes, as the sections of the page take them.

import type { EpisodeLine, EvalReport } from '../evaluate.js'
import type { RawResults } from '../raw-folder.js'

export interface Episodes {
  readonly label: string
  readonly report: EvalReport
  readonly lines: readonly EpisodeLine[]
  readonly path: string
  readonly openLoop: boolean
  readonly faults: { readonly graspFailure?: number; readonly nudgeM?: readonly [number, number] } | null
  readonly steps: { readonly perMove: number; readonly more: number } | null
  readonly link?: 'in-process' | 'sockets'
  readonly sensor?: 'clean' | 'real'
  readonly appearance?: 'published' | 'randomized'
}

export function episodesOf(raw: readonly RawResults<Record<string, unknown>>[]): Episodes[] {
  return raw
    .filter(({ kind }) => kind === 'episodes')
    .map(({ label, report, lines, path, asked }) => ({
      label,
      report: report as unknown as EvalReport,
      lines: lines as unknown as EpisodeLine[],
      path,
      ...(asked as unknown as Pick<Episodes, 'openLoop' | 'faults' | 'steps' | 'link' | 'sensor' | 'appearance'>),
    }))
}

/** Nothing special about it: the shipped policy, closed loop, nothing disturbed. */
export function isPlain({ label, openLoop, faults }: Episodes): boolean {
  return label === '' && !openLoop && faults === null
}

export function isOracle({ report }: Episodes): boolean {
  return report.policy === 'oracle'
}

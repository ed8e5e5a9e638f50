// cliport eval --sentences

import { join } from 'node:path'
import {
  evaluateSentences,
  type SentenceLine,
  type SentencesReport,
} from '../evaluation/sentences/evaluate-sentences.js'
import { readSentenceFile } from '../evaluation/sentences/sentence-file.js'
import { SentenceFolder } from '../evaluation/sentences/sentence-folder.js'
import { whileLocked } from '../io/folder-lock.js'
import { describePolicy } from '../runtime/policy.js'
import { runFolderName } from '../runtime/report/format.js'
import { realWorkspaceOf } from '../runtime/settings.js'
import { type CommonOptions, configFor, policyFlags, type Verb, type VerbResult } from './context.js'

export interface SentencesOptions extends CommonOptions {
  readonly policy?: string
  readonly out?: string
  readonly label?: string
}

export async function sentences(options: SentencesOptions, file: string, { signal, tell }: Verb): Promise<VerbResult> {
  const config = await configFor(options, policyFlags(options.policy))
  const rows = await readSentenceFile(file)
  const path = options.out ?? join(config.run.out, runFolderName('sentences', new Date()))
  const work = async (): Promise<VerbResult> => {
    const keep = await SentenceFolder.create(path, options.label)
    const realWorkspace = realWorkspaceOf(config)
    const { report, lines } = await evaluateSentences({ file, rows, realWorkspace, config, keep, signal, tell })
    await keep.finish({ file, package: describePolicy(config) }, report)
    return { exitCode: 0, json: report, lines: summary(report, lines, keep.pagePath) }
  }
  // The caller's own folder is taken already, as in every mode of eval.
  return options.out === undefined ? whileLocked(path, 'cliport eval', work) : work()
}

function summary(report: SentencesReport, lines: readonly SentenceLine[], page: string): string[] {
  const share = (action: 'move' | 'ask' | 'refuse') => {
    const of = lines.filter(({ expect }) => expect.action === action)
    return `${of.filter(({ verdict }) => verdict === 'right').length} of ${of.length}`
  }
  const widest = Math.max(4, ...Object.keys(report.by_kind).map((kind) => kind.length))
  const cells = (kind: string, ...counts: readonly (string | number)[]) =>
    `${kind.padEnd(widest)}${counts.map((count) => `${count}`.padStart(12)).join('')}`
  const refusals = lines.filter(({ action }) => action === 'refuse')
  const unnamed = refusals.filter(({ words }) => words.length === 0)
  return [
    `${report.policy}: ${report.right} of ${report.sentences} sentences right`,
    `should move    ${share('move')} right`,
    `should refuse  ${share('refuse')} right`,
    `should ask     ${share('ask')} right`,
    `wrong moves    ${report.wrong_moves}, of them ${report.forbidden_moves} where nothing should move`,
    `refusals       ${report.refused_wrongly} wrong; ${unnamed.length} of ${refusals.length} name no word of the sentence`,
    `questions      ${report.ask_right} right, ${report.ask_wrong} wrong`,
    '',
    cells('kind', 'sentences', 'right', 'wrong moves', 'refused', 'asked'),
    ...Object.entries(report.by_kind).map(([kind, { n, right, wrong, refused, asked }]) =>
      cells(kind, n, right, wrong, refused, asked),
    ),
    '',
    `page           ${page}`,
  ]
}

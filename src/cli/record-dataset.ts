// cliport record info, verify, merge, import, export

import type { Command } from 'commander'
import { type DatasetInfo, datasetInfo } from '../datasets/dataset-info.js'
import { mergeDatasets } from '../datasets/dataset-merge.js'
import { checkDataset, type DatasetVerification } from '../datasets/dataset-verify.js'
import { exportPublished } from '../datasets/published-export.js'
import { importPublished } from '../datasets/published-import.js'
import { whileLocked } from '../io/folder-lock.js'
import { type CommonOptions, runVerb, type Verb, withCommonOptions } from './context.js'

interface OutOptions extends CommonOptions {
  readonly out: string
}

interface ImportOptions extends OutOptions {
  readonly frames?: boolean
}

export function addDatasetVerbs(record: Command): void {
  withCommonOptions(
    record.command('info').description('say what a data set holds: tasks, splits, steps, words, size, versions'),
  )
    .argument('<folder>', 'folder of episodes')
    .action(info)
  withCommonOptions(
    record
      .command('verify')
      .description('read every file of a data set: checksums, sizes, finite numbers, what is missing'),
  )
    .argument('<folder>', 'folder of episodes')
    .action(verify)
  withCommonOptions(
    record.command('merge').description('copy the episodes of several folders into one: shards, or different tasks'),
  )
    .argument('<folders...>', 'folders of episodes')
    .requiredOption('--out <folder>', 'the new data set; must not exist')
    .action(merge)
  withCommonOptions(
    record
      .command('import')
      .description("make episodes of a data set in CLIPort's published layout of pickles; runs no code"),
  )
    .argument('<folder>', 'TASK-SPLIT, with folders action, color, depth, info and reward')
    .requiredOption('--out <folder>', 'folder of the episodes; complete episodes in it are kept')
    .option('--frames', 'keep the camera pictures too')
    .action(importLayout)
  withCommonOptions(record.command('export').description("write episodes in CLIPort's published layout of pickles"))
    .argument('<folder>', 'folder of cliport record --frames')
    .requiredOption('--out <folder>', 'takes a folder TASK-SPLIT for each task and split')
    .action(exportLayout)
}

async function info(folder: string, options: CommonOptions): Promise<void> {
  await runVerb(options, async ({ signal }) => {
    const about = await datasetInfo(folder, signal)
    return { exitCode: 0, json: about, lines: infoLines(about) }
  })
}

async function verify(folder: string, options: CommonOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const report = await checkDataset(folder, signal, progress(tell, 'files'))
    return { exitCode: report.ok ? 0 : 1, json: report, lines: verifyLines(report) }
  })
}

async function merge(folders: string[], options: OutOptions): Promise<void> {
  await runVerb(options, async ({ signal }) => {
    const { out } = options
    const report = await mergeDatasets({ folders, out, signal })
    return { exitCode: 0, json: report, lines: [`${report.episodes} episodes of ${report.tasks.join(', ')} in ${out}`] }
  })
}

async function importLayout(folder: string, options: ImportOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { out, frames = false } = options
    const report = await whileLocked(out, 'cliport record import', () =>
      importPublished({ folder, out, frames, signal, onEpisode: progress(tell, 'episodes') }),
    )
    const { task, split, imported, kept } = report
    return { exitCode: 0, json: report, lines: [`${imported} episodes of ${task} (${split}) in ${out}, ${kept} kept`] }
  })
}

async function exportLayout(folder: string, options: OutOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { out } = options
    const report = await whileLocked(out, 'cliport record export', () =>
      exportPublished({ folder, out, signal, onEpisode: progress(tell, 'episodes') }),
    )
    return { exitCode: 0, json: report, lines: [`${report.episodes} episodes in ${report.folders.join(', ')}`] }
  })
}

/** One line a second at most, and one at the end. */
function progress(tell: Verb['tell'], what: string): (done: number, of: number) => void {
  let toldMs = performance.now()
  return (done, of) => {
    if (performance.now() - toldMs < 1000) return
    toldMs = performance.now()
    tell(`${done} of ${of} ${what}`)
  }
}

function infoLines(about: DatasetInfo): string[] {
  const { episodes, steps, bytes, tasks, splits, seeds, words, sentences, versions, unreadable } = about
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return [
    `${episodes} episodes, ${steps} steps, ${(bytes / 1e6).toFixed(1)} MB in ${about.folder}`,
    ...Object.entries(tasks).map(([task, of]) => `  ${task}: ${of.episodes} episodes, ${of.steps} steps`),
    `splits      ${counts(splits)}; scenes ${seeds[0]} to ${seeds[1]}`,
    `looks       ${counts(about.appearances)}; sensor ${counts(about.sensors)}; ${about.with_frames} with camera pictures`,
    `goal        achieved in ${percent(about.achieved_share)}; ${percent(about.perturbed_share)} of the actions perturbed`,
    `words       ${words.length} in ${sentences} sentences: ${words.join(' ')}`,
    ...about.workspaces.map(
      (w) =>
        `workspace   x ${w.xMinM}..${w.xMaxM}, y ${w.yMinM}..${w.yMaxM}, z ${w.zMinM}..${w.zMaxM}, ${w.pixelM} m a cell`,
    ),
    `versions    format ${versions.format}, recorded by ${versions.releases.join(', ') || 'an unknown release'}`,
    ...unreadable.map(({ file, reason }) => `unreadable  ${file}: ${reason}`),
  ]
}

/** Files that are named one by one. */
const namedFiles = 20

function verifyLines({ ok, folder, episodes, bad, missing }: DatasetVerification): string[] {
  if (ok) return [`${episodes} episodes in ${folder} are whole`]
  const [first] = bad
  const more = (files: readonly string[]) => (files.length > namedFiles ? ` and ${files.length - namedFiles} more` : '')
  const names = missing.slice(0, namedFiles).join(', ')
  return [
    ...(first === undefined ? [] : [`first bad file: ${first.file}: ${first.reason}`]),
    ...bad.slice(1, namedFiles).map(({ file, reason }) => `bad: ${file}: ${reason}`),
    ...(missing.length === 0 ? [] : [`missing: ${names}${more(missing)}`]),
    `${episodes} whole, ${bad.length} bad, ${missing.length} missing in ${folder}`,
  ]
}

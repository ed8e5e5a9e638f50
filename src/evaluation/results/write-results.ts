// `cliport results`: the page of results from the raw results of evaluations, and nothing else.

import { existsSync } from 'node:fs'
import { copyFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { CliportError } from '../../control/errors.js'
import { shellCommand } from '../../control/shell-quote.js'
import { makeFolder } from '../../io/make-folder.js'
import { unwritable } from '../../io/unwritable.js'
import { machineLine } from '../../runtime/machine.js'
import { type RawResults, readRawFolders } from '../raw-folder.js'
import { episodesOf } from './episodes.js'
import { failureSection, realFramesSection, realReliabilitySvg } from './gallery.js'
import { table } from './markdown.js'
import { originalSection, readOriginalSummary } from './original-environment.js'
import { groundingSection, paraphraseSection, reliabilitySvg, sensitivitySection } from './reliability.js'
import { loopSection, partsSection, scoreSection } from './scores.js'

export interface ResultsReport {
  readonly page: string
  readonly evaluations: number
  readonly pictures: number
}

/**
 * Writes the page and, in the folder `images/results` beside it, the pictures that it shows and no others. A checkout has
 * raw results without their pictures: those beside the page are kept then.
 * @param raw folder of the folders given to `cliport eval --out`
 * @param original folder of examples/original-environment/run.py; one without a summary is left out
 * @throws CliportError INPUT_INVALID where there are no results, DISK_FULL
 */
export async function writeResults(
  raw: string,
  page: string,
  original = join(dirname(raw), 'original'),
): Promise<ResultsReport> {
  const all = await readRawFolders(raw)
  if (all.length === 0) {
    throw new CliportError('INPUT_INVALID', `The folder ${raw} holds no results`, {
      stage: 'start',
      hint: `Evaluate first, for example: ${shellCommand('npx', 'cliport', 'eval', '--episodes', '50', '--out', `${raw}/bowl-seen`)}`,
    })
  }
  const images = join(dirname(page), 'images', 'results')
  const pictures: { readonly from: string; readonly to: string }[] = []
  const reference = (name: string) => relative(dirname(page), join(images, name))
  const take = (from: string, name: string) => {
    pictures.push({ from, to: join(images, name) })
    return reference(name)
  }
  const episodes = episodesOf(all)
  const sections = [
    '# Results',
    `Written by \`npx cliport results\` from the raw results in \`${relative(dirname(page), raw)}\` (one line for each episode, with every decision and step). Do not edit. Run times: benchmarks/RESULTS.md.`,
    ...scoreSection(episodes),
    ...originalSection(await readOriginalSummary(original), episodes),
    ...loopSection(episodes),
    ...groundingSection(all, reference('reliability.svg')),
    ...paraphraseSection(all),
    ...sensitivitySection(all),
    ...realFramesSection(all, take, reference('reliability-real.svg')),
    ...partsSection(episodes),
    ...failureSection(episodes, take),
    ...originSection(all, raw),
  ]
  const drawn = Object.entries({
    'reliability.svg': reliabilitySvg(all),
    'reliability-real.svg': realReliabilitySvg(all),
  }).flatMap(([name, svg]) => (svg === null ? [] : [{ name, svg }]))
  try {
    await makeFolder(images)
    for (const { from, to } of pictures) if (existsSync(from) || !existsSync(to)) await copyFile(from, to)
    for (const { name, svg } of drawn) await writeFile(join(images, name), svg)
    await writeFile(page, `${sections.join('\n\n')}\n`)
    const shown = new Set([...pictures.map(({ to }) => basename(to)), ...drawn.map(({ name }) => name)])
    for (const name of await readdir(images)) if (!shown.has(name)) await rm(join(images, name))
  } catch (cause) {
    throw unwritable('the page and its pictures', page, '--out', cause)
  }
  return { page, evaluations: all.length, pictures: pictures.length }
}

function originSection(all: readonly RawResults<Record<string, unknown>>[], raw: string): string[] {
  const rows = all.map(({ path, machine }) => [
    relative(raw, path),
    `\`${machine.command}\``,
    machineLine({ ...machine, command: '' }),
  ])
  return ['## Where the figures come from', table(['raw results', 'command', 'machine'], rows)]
}

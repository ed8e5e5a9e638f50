// The raw results of one evaluation, from which `cliport results` writes its tables: report.json (what was asked, what
// came out, on which machine), lines.jsonl (one line an episode, scene or sentence), pictures/ (of what failed).

import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { CliportError } from '../control/errors.js'
import { shellCommand } from '../control/shell-quote.js'
import { makeFolder } from '../io/make-folder.js'
import { topView } from '../io/pictures.js'
import { makeOutputFolder, unwritable } from '../io/unwritable.js'
import { type Machine, machine } from '../runtime/machine.js'
import { markedFrame, markedMap } from '../runtime/report/marks.js'
import type { Scene } from './episode-trace.js'

/** Evaluations that `cliport results` can tell apart. */
export type RawKind = 'episodes' | 'grounding' | 'real-frames' | 'sentences'

export interface RawReport {
  readonly version: 1
  readonly kind: RawKind
  /** What is special about it, for a row of a table ("without the zoom"); empty: the shipped policy as it is. */
  readonly label: string
  readonly asked: Readonly<Record<string, unknown>>
  readonly report: Readonly<Record<string, unknown>>
  readonly machine: Machine
}

export class RawFolder {
  readonly path: string
  readonly #kind: RawKind
  readonly #label: string

  private constructor(path: string, kind: RawKind, label: string) {
    this.path = path
    this.#kind = kind
    this.#label = label
  }

  /** Makes the folder, and clears away the results that an earlier evaluation has left in it. @throws CliportError INPUT_INVALID, DISK_FULL */
  static async create(path: string, kind: RawKind, label = ''): Promise<RawFolder> {
    await makeOutputFolder('the raw results', path, '--out')
    const folder = new RawFolder(path, kind, label)
    await folder.#writing(async () => {
      for (const name of ['report.json', 'lines.jsonl', 'pictures']) {
        await rm(join(path, name), { recursive: true, force: true })
      }
    })
    return folder
  }

  /** Numbers are kept to four decimals. @throws CliportError INPUT_INVALID, DISK_FULL */
  async line(line: object): Promise<void> {
    const short = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(1e4 * value) / 1e4 : value)
    await this.#writing(() => appendFile(join(this.path, 'lines.jsonl'), `${JSON.stringify(line, short)}\n`))
  }

  /** The map and the front camera with the marks of a proposal. @returns their paths inside the folder */
  async pictures(name: string, { view, proposal }: Scene): Promise<string[]> {
    const { color, rows, cols } = view.heightmap
    const pictures: [string, Promise<Buffer>][] = [['map', markedMap(topView(color, rows, cols), proposal, 2)]]
    const [frame] = view.frames
    if (frame !== undefined) pictures.push(['camera', markedFrame(frame, proposal)])
    return this.#writing(async () => {
      await makeFolder(join(this.path, 'pictures'))
      return Promise.all(
        pictures.map(async ([role, png]) => {
          const file = `pictures/${name}-${role}.webp`
          const webp = sharp(await png).webp({ quality: 80, effort: 4 })
          await writeFile(join(this.path, file), await webp.toBuffer())
          return file
        }),
      )
    })
  }

  /** Written last: a folder without it is of an evaluation that did not end. */
  async finish(asked: object, report: object): Promise<void> {
    const raw = {
      version: 1,
      kind: this.#kind,
      label: this.#label,
      asked,
      report,
      machine: machine(commandWithoutFolder()),
    }
    await this.#writing(() => writeFile(join(this.path, 'report.json'), `${JSON.stringify(raw, null, 1)}\n`))
  }

  async #writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw unwritable('the raw results', this.path, '--out', cause)
    }
  }
}

export interface RawResults<Line> extends RawReport {
  readonly path: string
  readonly lines: readonly Line[]
}

/** Every finished evaluation in the folders of `path`, by name. @throws CliportError INPUT_INVALID */
export async function readRawFolders(path: string): Promise<RawResults<Record<string, unknown>>[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((cause: Error) => {
    throw invalid(path, `cannot be read: ${cause.message}`, cause)
  })
  const folders = entries.filter(({ name }) => name === 'report.json').map(({ parentPath }) => parentPath)
  return Promise.all(folders.sort().map(readRawFolder))
}

async function readRawFolder(path: string): Promise<RawResults<Record<string, unknown>>> {
  try {
    const raw = JSON.parse(await readFile(join(path, 'report.json'), 'utf8')) as RawReport
    if (raw.version !== 1) throw new Error(`expected version 1 but received ${raw.version}`)
    const text = await readFile(join(path, 'lines.jsonl'), 'utf8')
    const lines = text.split('\n').filter((line) => line !== '')
    return { ...raw, path, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
  } catch (cause) {
    throw invalid(path, `holds no raw results: ${(cause as Error).message}`, cause)
  }
}

/** Where the results were written says nothing to anybody else. */
function commandWithoutFolder(): string {
  const words = process.argv.slice(2)
  const out = words.findIndex((word) => word === '--out' || word.startsWith('--out='))
  if (out >= 0) words.splice(out, words[out] === '--out' ? 2 : 1)
  return shellCommand('npx', 'cliport', ...words)
}

function invalid(path: string, what: string, cause: unknown): CliportError {
  return new CliportError('INPUT_INVALID', `The folder ${path} ${what}`, {
    stage: 'record',
    hint: 'Expected the folder that was given to cliport eval --out, or one of such folders',
    cause,
  })
}

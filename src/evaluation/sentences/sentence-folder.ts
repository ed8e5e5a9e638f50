// The folder of one evaluation of sentences: lines.jsonl and report.json as of every evaluation, and index.html with a
// picture of each scene.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { fileNameOf } from '../../io/file-name.js'
import { makeFolder } from '../../io/make-folder.js'
import { encodePng, topView } from '../../io/pictures.js'
import { unwritable } from '../../io/unwritable.js'
import { RawFolder } from '../raw-folder.js'
import type { SentenceKeeper, SentenceLine, SentencesReport, SentenceView } from './evaluate-sentences.js'
import { renderSentencesPage, type SentencePicture } from './page.js'

export class SentenceFolder implements SentenceKeeper {
  readonly #raw: RawFolder
  /** Scene -> its picture. */
  readonly #pictures = new Map<string, string>()
  readonly #rows: { readonly line: SentenceLine; readonly picture: SentencePicture }[] = []

  private constructor(raw: RawFolder) {
    this.#raw = raw
  }

  /** Makes the folder, and clears away what an earlier evaluation has left in it. @throws CliportError INPUT_INVALID, DISK_FULL */
  static async create(path: string, label?: string): Promise<SentenceFolder> {
    return new SentenceFolder(await RawFolder.create(path, 'sentences', label))
  }

  get pagePath(): string {
    return join(this.#raw.path, 'index.html')
  }

  /** @throws CliportError INPUT_INVALID, DISK_FULL */
  async sentence(line: SentenceLine, { heightmap, proposal, candidates }: SentenceView): Promise<void> {
    let file = this.#pictures.get(line.scene)
    if (file === undefined) {
      file = `pictures/${this.#pictures.size + 1}-${fileNameOf(line.scene)}.webp`
      const { color, rows, cols } = heightmap
      const webp = sharp(await encodePng(topView(color, rows, cols))).webp({ quality: 90, effort: 4 })
      await this.#write(file, await webp.toBuffer())
      this.#pictures.set(line.scene, file)
    }
    const { rows, cols } = heightmap
    this.#rows.push({ line, picture: { file, rows, cols, proposal, candidates } })
    await this.#raw.line(line)
  }

  /** Writes the page and, last, the report. @throws CliportError INPUT_INVALID, DISK_FULL */
  async finish(asked: object, report: SentencesReport): Promise<void> {
    const rows = [...this.#rows].sort((a, b) => a.line.row - b.line.row)
    await this.#write('index.html', renderSentencesPage(report, rows))
    await this.#raw.finish(asked, report)
  }

  async #write(file: string, data: string | Buffer): Promise<void> {
    try {
      await makeFolder(join(this.#raw.path, 'pictures'))
      await writeFile(join(this.#raw.path, file), data)
    } catch (cause) {
      throw unwritable('the page', this.#raw.path, '--out', cause)
    }
  }
}

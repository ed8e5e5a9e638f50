// Every recording of a soak, opened by the Python package mcap soon after its run has ended, before the ring removes it.

import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export class Recordings {
  /** Folders that were seen, and those whose recording was read. */
  #folders = new Set()
  #read = new Set()
  #excuses = []
  #child
  #answers
  /** Runs that write since then have not ended while they have no run.json. */
  livesSinceMs = Number.POSITIVE_INFINITY
  counts = { whole: 0, cut_by_kill: 0, cut_by_full_disk: 0, none: 0, invalid: 0 }
  messages = 0

  /** @param python with the package mcap */
  constructor(folder, python, onFailure) {
    this.folder = folder
    this.fail = onFailure
    const script = fileURLToPath(new URL('check_recordings.py', import.meta.url))
    this.#child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Number of runs that have made a folder. */
  get runs() {
    return this.#folders.size
  }

  /**
   * A recording that was written to in this time may lack its end.
   * @param why cut_by_kill or cut_by_full_disk
   * @returns says when it is over
   */
  excuse(why, fromMs, toMs = Number.POSITIVE_INFINITY) {
    const excuse = { why, fromMs, toMs }
    this.#excuses.push(excuse)
    return (ms) => {
      excuse.toMs = ms
    }
  }

  /** Reads what has not been read. @param isAtEnd nothing writes any more */
  async read(isAtEnd) {
    const names = await readdir(this.folder).catch(() => [])
    for (const name of names) {
      this.#folders.add(name)
      if (!this.#read.has(name)) await this.#readOne(name, isAtEnd)
    }
  }

  async #readOne(name, isAtEnd) {
    const path = join(this.folder, name, 'recording.mcap')
    const found = await stat(path).catch(() => null)
    const ended = await stat(join(this.folder, name, 'run.json')).catch(() => null)
    if (found === null) {
      // Made just now, or on a full disk, or removed before it was read.
      if (isAtEnd) this.counts.none++
      return
    }
    if (!isAtEnd && ended === null && found.mtimeMs >= this.livesSinceMs) return
    const { result, messages = 0, reason } = await this.#ask(path)
    if (result === 'gone') return
    this.#read.add(name)
    this.messages += messages
    const excuse = this.#excuses.find(({ fromMs, toMs }) => found.mtimeMs >= fromMs && found.mtimeMs <= toMs)
    if (result === 'whole') this.counts.whole++
    else if (result === 'cut' && excuse !== undefined) this.counts[excuse.why]++
    else {
      this.counts.invalid++
      this.fail(`recording ${name}: ${result}, ${reason}`)
    }
  }

  async #ask(path) {
    this.#child.stdin.write(`${path}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error('the Python process that reads recordings has ended')
    return JSON.parse(value)
  }

  end() {
    this.#child.stdin.end()
  }
}

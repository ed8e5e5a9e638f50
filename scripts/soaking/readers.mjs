// A fast and a slow reader of the event stream, each in a process of its own, so that one can be stopped.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export class Reader {
  #child
  #seen = null

  constructor(stateFolder, pace) {
    this.pace = pace
    this.#child = fork(fileURLToPath(new URL('reader.mjs', import.meta.url)), [stateFolder, pace])
    this.#child.on('message', (seen) => {
      this.#seen = seen
    })
  }

  get seen() {
    return { pace: this.pace, ...this.#seen }
  }

  /** Its connection ends abruptly; it joins again. */
  cut() {
    this.#child.send('cut')
  }

  signal(name) {
    this.#child.kill(name)
  }

  end() {
    this.#child.kill('SIGCONT')
    this.#child.disconnect()
  }
}

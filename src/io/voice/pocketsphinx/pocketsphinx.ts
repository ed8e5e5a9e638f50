// PocketSphinx (Debian: pocketsphinx, pocketsphinx-en-us), where nothing may be fetched: Debian's program, once for each
// piece of speech, under the goals' grammar as JSGF. It knows no probability, and hears a goal in everything.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sentenceRule, spokenGrammar } from '../../../control/goal/spoken/grammar.js'
import { type Hearing, unrated } from '../../../control/goal/spoken/hearing.js'
import type { Lexicon } from '../../../control/ports.js'
import { engineAbsent } from '../files.js'
import type { Speech } from '../speech.js'
import { engineFailed } from '../voice-thread.js'
import { sampleRateHz, wavBytes } from '../wav.js'
import { jsgfOf } from './jsgf.js'

const program = 'pocketsphinx_continuous'
/** Where Debian's pocketsphinx-en-us has its dictionary. */
const dictionary = '/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict'
const hint =
  'Install it: apt-get install pocketsphinx pocketsphinx-en-us (Debian), or use another engine (docs/voice.md)'

/** Silence before and behind: a word at the very edge is lost otherwise. */
const marginS = 0.3

export class PocketSphinx implements Speech {
  readonly engine = 'pocketsphinx'
  readonly #folder: string
  readonly #end = new AbortController()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws CliportError VOICE_ENGINE_ABSENT where the program or its dictionary is missing */
  static async open(lexicon: Lexicon): Promise<PocketSphinx> {
    const words = await readFile(dictionary, 'utf8').catch((cause: unknown) => {
      throw engineAbsent(`PocketSphinx has no dictionary at ${dictionary}`, hint, cause)
    })
    const known = new Set(words.split('\n').map((line) => line.split(/\s/, 1)[0]))
    const folder = await mkdtemp(join(tmpdir(), 'cliport-voice-'))
    const engine = new PocketSphinx(folder)
    const grammar = jsgfOf(spokenGrammar(lexicon).rules, sentenceRule, (word) => known.has(word))
    await writeFile(join(folder, 'goals.gram'), grammar, { mode: 0o600 })
    try {
      await engine.hear(new Float32Array(sampleRateHz / 2))
    } catch (error) {
      await engine.close()
      throw error
    }
    return engine
  }

  async hear(audio: Float32Array, signal?: AbortSignal): Promise<Hearing> {
    const margin = Math.round(marginS * sampleRateHz)
    const padded = new Float32Array(audio.length + 2 * margin)
    padded.set(audio, margin)
    // The program reads files and pipes of WAV; nothing of the sound is written to a disk.
    const text = await this.#run(wavBytes(padded), signal)
    return { free: null, bound: text === '' ? [] : [unrated(text)], isRated: false }
  }

  async close(): Promise<void> {
    this.#end.abort()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #run(wav: Uint8Array, signal?: AbortSignal): Promise<string> {
    const signals = [this.#end.signal, ...(signal === undefined ? [] : [signal])]
    const args = ['-jsgf', join(this.#folder, 'goals.gram'), '-infile', '/dev/stdin', '-logfn', '/dev/null']
    // It opens /dev/stdin, which only a true pipe allows: Node's are sockets.
    const child = spawn('sh', ['-c', 'cat | "$0" "$@"', program, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      signal: AbortSignal.any(signals),
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    // A program that ends early breaks the pipe; its exit code says why.
    child.stdin.on('error', () => {})
    child.stdin.end(wav)
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('close', resolve)
      child.on('error', reject)
    }).catch((cause: unknown) => {
      signal?.throwIfAborted()
      throw engineFailed((cause as Error).message, cause)
    })
    if (code === 127) throw engineAbsent(`The program ${program} is not installed`, hint)
    if (code !== 0) throw engineFailed(`${program} ended with code ${code}`)
    return said.replace(/\s+/g, ' ').trim()
  }
}

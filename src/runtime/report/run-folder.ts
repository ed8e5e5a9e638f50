// The folder of a run: pictures are written while it goes on, run.json and index.html at its end. Whatever cannot be
// written is a problem that is named, never the end of the run.

import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CliportError } from '../../control/errors.js'
import { colorIntrinsicsOf } from '../../control/frame.js'
import type { Candidate } from '../../control/goal/types.js'
import type { Heightmap, RgbdFrame } from '../../control/types.js'
import { diskFull, nearestFolder } from '../../io/disk-space.js'
import { fileNameOf } from '../../io/file-name.js'
import { makeFolder } from '../../io/make-folder.js'
import {
  affordanceView,
  encodePng,
  encodeWebp,
  heightTopM,
  heightView,
  type Picture,
  topView,
} from '../../io/pictures.js'
import { isFull } from '../../io/recording/sink.js'
import { Film } from './film.js'
import { runFolderName } from './format.js'
import { markedObjects } from './marks.js'
import { type CameraPictures, type PageStep, renderPage } from './page.js'
import type { RunHead, RunPage, RunResult, RunStep } from './types.js'

export class RunFolder implements RunPage {
  readonly path: string
  readonly recordingPath: string
  readonly problems: string[] = []
  readonly #head: RunHead & { readonly startedAt: Date }
  readonly #film = new Film()
  readonly #steps: PageStep[] = []
  readonly #cameras: { before: CameraPictures; after: CameraPictures } = { before: [], after: [] }
  readonly #candidates = new Map<string, string>()
  readonly #writing = new Map<string, Promise<void>>()
  /** Steps whose maps are still to come. */
  readonly #maps: Promise<void>[] = []
  #draw: () => void = () => {}
  readonly #mayDraw = new Promise<void>((resolve) => {
    this.#draw = resolve
  })

  private constructor(path: string, head: RunHead & { readonly startedAt: Date }) {
    this.path = path
    this.recordingPath = join(path, 'recording.mcap')
    this.#head = head
  }

  /**
   * Makes the run's folder inside `root`, e.g. `runs/20260131T120501Z-put-the-red-blocks-in-a-green-bowl`.
   * @throws CliportError INPUT_INVALID or DISK_FULL when it cannot be made
   */
  static async create(root: string, head: RunHead): Promise<RunFolder> {
    const startedAt = head.startedAt ?? new Date()
    const name = runFolderName(head.goal, startedAt)
    try {
      await makeFolder(root)
      // Two runs of one second get two folders.
      for (let attempt = 1; ; attempt++) {
        const path = resolve(root, attempt === 1 ? name : `${name}-${attempt}`)
        const made = await mkdir(path).then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            if (error.code === 'EEXIST') return false
            throw error
          },
        )
        if (made) return new RunFolder(path, { ...head, startedAt })
      }
    } catch (cause) {
      if (isFull(cause)) {
        const hint = 'Make room on that disk, or choose another folder for runs (run.out, --out)'
        throw diskFull("the run's folder", await nearestFolder(root), 'start', hint, cause)
      }
      throw new CliportError(
        'INPUT_INVALID',
        `Could not make the run's folder in ${root}: ${(cause as Error).message}`,
        {
          stage: 'start',
          hint: 'Choose another folder for runs, or check the permissions of this one.',
          cause,
        },
      )
    }
  }

  draw(): void {
    this.#draw()
  }

  observer(rgb: Uint8Array, width: number, height: number, stampNs: bigint): void {
    this.#film.add({ rgb, width, height }, stampNs)
  }

  cameras(when: 'before' | 'after', frames: readonly RgbdFrame[]): void {
    this.#cameras[when] = frames.map((frame) => {
      const { width, height } = colorIntrinsicsOf(frame)
      const file = `${when}-${fileNameOf(frame.camera)}.webp`
      const rgb = new Uint8Array(frame.color)
      this.#write(file, () => encodeWebp({ rgb, width, height }))
      return { camera: frame.camera, file, width, height }
    })
  }

  candidates(heightmap: Heightmap, candidates: readonly Candidate[]): void {
    this.#candidates.clear()
    for (const [i, { name, objects }] of candidates.entries()) {
      if (objects.length === 0) continue
      const file = `candidate-${i + 1}.png`
      this.#candidates.set(name, file)
      const picture = markedObjects(heightmap, objects)
      this.#write(file, () => picture)
    }
  }

  /** The picture of a candidate, or null where it has none. */
  candidate(name: string): string | null {
    return this.#candidates.get(name) ?? null
  }

  step(step: RunStep): void {
    const { heightmap, proposal } = step
    const { rows, cols, color, heightM } = heightmap
    const n = this.#steps.length + 1
    const topM = heightTopM(heightM)
    // Coloured now, in about 5 ms; compressed and written while the run goes on.
    const files: Record<string, string> = {}
    const picture = (role: string, drawn: Picture) => {
      files[role] = `step-${n}-${role}.png`
      this.#write(files[role], () => encodePng(drawn))
    }
    picture('view', topView(color, rows, cols))
    picture('height', heightView(heightM, rows, cols, topM))
    // The caller may use its buffers again; the page needs the heights under the plan.
    const kept = { ...heightmap, heightM: heightM.slice(), color: new Uint8Array() }
    const { maps: _, ...withoutMaps } = proposal ?? {}
    const { maps, ...withoutLateMaps } = step
    if (maps !== undefined) this.#maps.push(this.#drawMaps(maps, color.slice(), rows, cols, picture))
    this.#steps.push({
      ...withoutLateMaps,
      heightmap: kept,
      ...(proposal && { proposal: withoutMaps as typeof proposal }),
      topM,
      pictures: files,
    })
  }

  async #drawMaps(
    maps: NonNullable<RunStep['maps']>,
    color: Uint8Array,
    rows: number,
    cols: number,
    picture: (role: string, drawn: Picture) => void,
  ): Promise<void> {
    const there = await maps.catch(() => null)
    if (there === null) return
    picture('pick', affordanceView(color, there.pick, rows, cols))
    await setImmediate() // heartbeats go first
    picture('place', affordanceView(color, there.place, rows, cols))
  }

  async finish(result: RunResult): Promise<string> {
    this.draw()
    await Promise.all(this.#maps)
    const film = await this.#film.finish().catch((error: Error) => {
      this.problems.push(`the animated picture: ${error.message}`)
      return null
    })
    if (film !== null) {
      this.#write('run.webp', async () => film.animation)
      this.#write('run-end.webp', async () => film.last)
    }
    await this.#written()
    // A picture that is not there must not leave a hole in the page: which ones failed is known only now.
    const page = renderPage({
      head: this.#head,
      result,
      steps: this.#steps,
      cameras: this.#cameras,
      film,
      problems: this.problems,
    })
    this.#write('run.json', async () => this.#json(result))
    this.#write('index.html', async () => page)
    await this.#written()
    return join(this.path, 'index.html')
  }

  #json(result: RunResult): string {
    const history = this.#steps.map(({ heightmap, topM: _, ...step }) => ({
      ...step,
      heightmap: { rows: heightmap.rows, cols: heightmap.cols, spec: heightmap.spec },
    }))
    const everything = { ...result, run: this.#head, history, problems: this.problems }
    return `${JSON.stringify(everything, (_, value) => (typeof value === 'bigint' ? `${value}` : value), 2)}\n`
  }

  /** Later contents of a file come after earlier ones. */
  #write(file: string, content: () => Promise<Buffer | string>): void {
    const before = this.#writing.get(file) ?? this.#mayDraw
    const done = before
      .then(content)
      .then((bytes) => writeFile(join(this.path, file), bytes))
      .catch((error: Error) => {
        this.problems.push(`${file}: ${error.message}`)
      })
    this.#writing.set(file, done)
  }

  async #written(): Promise<void> {
    await Promise.all(this.#writing.values())
    this.#writing.clear()
  }
}

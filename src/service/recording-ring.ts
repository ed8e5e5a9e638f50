// The recordings of goals, kept below a size and an age: the oldest of achieved goals go first, then the oldest of those
// that failed, which somebody may still want to look at. Pages and pictures stay; they are small.

import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { diskSpace } from '../io/disk-space.js'
import type { Config } from '../runtime/config/schema.js'

export interface RingLimits {
  readonly mostBytes: number
  /** Of recordings of achieved goals. */
  readonly mostAgeMs: number
  readonly leastFreeBytes: number
}

const everyMs = 60_000
/** A recording that was written to so lately may still be. */
const openMs = 120_000

export function ringLimitsOf({ service }: Pick<Config, 'service'>): RingLimits {
  return {
    mostBytes: service.recordings_gb * 1e9,
    mostAgeMs: service.recordings_days * 86_400_000,
    leastFreeBytes: service.disk_free_gb * 1e9,
  }
}

interface Kept {
  readonly path: string
  readonly bytes: number
  readonly writtenMs: number
  readonly isAchieved: boolean
}

export class RecordingRing {
  #bytes = 0
  #timer: NodeJS.Timeout | null = null
  #pruning: Promise<unknown> = Promise.resolve()

  /** @param folder of the runs */
  constructor(
    private readonly folder: string,
    private readonly limits: RingLimits,
    private readonly tell: (line: string) => void,
  ) {}

  /** Of all recordings that are kept, as they were counted last. */
  get bytes(): number {
    return this.#bytes
  }

  begin(): void {
    this.#timer = setInterval(() => void this.prune(), everyMs)
    this.#timer.unref()
    void this.prune()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Removes what is too much. Never throws: a disk that cannot be read is told of by whoever writes to it. @returns the paths */
  prune(nowMs = Date.now()): Promise<readonly string[]> {
    const pruned = this.#pruning.then(() => this.#prune(nowMs).catch(() => []))
    this.#pruning = pruned
    return pruned
  }

  async #prune(nowMs: number): Promise<readonly string[]> {
    const all = await this.#all()
    const { mostBytes, mostAgeMs, leastFreeBytes } = this.limits
    const removed: string[] = []
    let bytes = all.reduce((sum, one) => sum + one.bytes, 0)
    let freeBytes = (await diskSpace(this.folder)).freeBytes
    const inTurn = all
      .filter(({ writtenMs }) => nowMs - writtenMs > openMs)
      .sort((a, b) => Number(b.isAchieved) - Number(a.isAchieved) || a.writtenMs - b.writtenMs)
    for (const one of inTurn) {
      const isOld = one.isAchieved && nowMs - one.writtenMs > mostAgeMs
      if (!isOld && bytes <= mostBytes && freeBytes >= leastFreeBytes) continue
      await rm(one.path)
      removed.push(one.path)
      bytes -= one.bytes
      freeBytes += one.bytes
    }
    this.#bytes = bytes
    if (removed.length > 0) this.tell(`${removed.length} old recording(s) were removed`)
    return removed
  }

  async #all(): Promise<Kept[]> {
    const names = await readdir(this.folder)
    const found = await Promise.all(names.map((name) => keptIn(resolve(this.folder, name)).catch(() => null)))
    return found.filter((one) => one !== null)
  }
}

async function keptIn(folder: string): Promise<Kept> {
  const path = join(folder, 'recording.mcap')
  const { size, mtimeMs } = await stat(path)
  return { path, bytes: size, writtenMs: mtimeMs, isAchieved: await isAchieved(folder) }
}

/** A run without an end counts as failed. */
async function isAchieved(folder: string): Promise<boolean> {
  try {
    const { outcome } = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as { outcome?: string }
    return outcome === 'achieved'
  } catch {
    return false
  }
}

// The disks that the service writes to: the queue's, and that of the runs. Looked at now and then, and asked of by whoever
// waits for room.

import { resolve } from 'node:path'
import { diskSpace } from '../io/disk-space.js'
import type { ServiceState } from './api.js'

type Disk = ServiceState['disks'][number]

const lookMs = 5000
/** With less free a disk counts as full: the queue's log and a run's folder want some hundred kilobytes. */
const leastFreeBytes = 1e6

export class Disks {
  #disks: readonly Disk[] = []
  #looking: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  /** @param onChange one is full now, or is not any more */
  constructor(
    private readonly folders: Readonly<Record<Disk['use'], string>>,
    private readonly onChange: () => void,
  ) {}

  /** As they were looked at last; one that cannot be asked is left out. */
  get all(): readonly Disk[] {
    return this.#disks
  }

  async begin(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), lookMs)
    this.#timer.unref()
    await this.look()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Whether the disk of this use has room now; another one may be full. Never rejects. */
  async hasRoom(use: Disk['use']): Promise<boolean> {
    await this.look()
    return this.#disks.every((disk) => disk.use !== use || !disk.full)
  }

  /** A disk that does not answer is asked once, not again and again. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const uses = Object.entries(this.folders) as [Disk['use'], string][]
    const found = await Promise.all(uses.map(([use, folder]) => diskOf(use, folder).catch(() => null)))
    const before = this.#disks.map(({ full }) => full)
    this.#disks = found.filter((disk) => disk !== null)
    if (before.length > 0 && this.#disks.some(({ full }, i) => full !== before[i])) this.onChange()
  }
}

async function diskOf(use: Disk['use'], folder: string): Promise<Disk> {
  const { freeBytes, totalBytes } = await diskSpace(folder)
  return {
    use,
    folder: resolve(folder),
    free_bytes: freeBytes,
    total_bytes: totalBytes,
    full: freeBytes < leastFreeBytes,
  }
}

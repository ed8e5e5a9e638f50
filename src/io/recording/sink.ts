// Where a recording's bytes go. Behind an interface so that a disk can be full in a test.

import { type FileHandle, open } from 'node:fs/promises'

export interface Sink {
  /** Appends all of `bytes`, or throws after having appended any part of them. */
  write(bytes: Uint8Array): Promise<void>
  /** Cuts the file to `length` bytes; the next write goes there. */
  truncate(length: number): Promise<void>
  /** Waits until everything is on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** A file, made anew; an old one of that name is replaced. */
export async function fileSink(path: string): Promise<Sink> {
  return new FileSink(await open(path, 'w'))
}

class FileSink implements Sink {
  readonly #file: FileHandle
  #position = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async write(bytes: Uint8Array): Promise<void> {
    // A nearly full disk takes a part and says so only by the count.
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.byteLength - done, this.#position)
      done += bytesWritten
      this.#position += bytesWritten
    }
  }

  async truncate(length: number): Promise<void> {
    await this.#file.truncate(length)
    this.#position = length
  }

  sync(): Promise<void> {
    return this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Whether an error says that no more bytes fit: disk, quota, or greatest file size. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException)?.code ?? '')
}

// Two processes that write into one folder: the second one is told which is the first.
//
// The lock is a socket in Linux' abstract namespace, named after the folder's device and inode, so that every path to the
// folder means the same lock. The kernel drops it with its process, however that ends: no lock is ever left behind. It
// does not reach across machines or containers that share a disk.

import { stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { CliportError } from '../control/errors.js'
import { makeOutputFolder } from './unwritable.js'

/** How long the holder may take to say who it is; it is named only, never waited for. */
const answerMs = 1000

export interface FolderLock {
  /** May be called more than once. */
  release(): Promise<void>
}

/**
 * Makes the folder, and takes it for this process.
 * @param what is done there, told to whoever comes second, e.g. 'cliport record'
 * @throws CliportError FOLDER_BUSY naming the process that is at work there; INPUT_INVALID or DISK_FULL when the folder cannot be made
 */
export async function lockFolder(folder: string, what: string): Promise<FolderLock> {
  await makeOutputFolder('the results', folder, '--out')
  const { dev, ino } = await stat(folder, { bigint: true })
  const name = `\0cliport-folder-${dev}-${ino}`
  const since = new Date().toISOString()
  try {
    const server = await listen(name, JSON.stringify({ pid: process.pid, what, since }))
    return { release: () => close(server) }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    throw new CliportError('FOLDER_BUSY', `Another process writes to the folder ${folder}: ${await holderOf(name)}`, {
      stage: 'start',
      hint: 'Wait for it, end it, or choose another folder',
      retryable: true,
      cause,
    })
  }
}

/** Does `work` while the folder is taken; without a folder, just does it. */
export async function whileLocked<T>(folder: string | undefined, what: string, work: () => Promise<T>): Promise<T> {
  if (folder === undefined) return work()
  const lock = await lockFolder(folder, what)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

function listen(name: string, answer: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {}) // whoever asked has gone
      socket.end(answer)
    })
    server.once('error', reject)
    server.listen(name, () => {
      // A lock alone keeps no process alive.
      server.unref()
      resolve(server)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

async function holderOf(name: string): Promise<string> {
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(name)
    socket.setEncoding('utf8').setTimeout(answerMs, () => socket.destroy())
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
  try {
    const { pid, what, since } = JSON.parse(answer) as { pid: number; what: string; since: string }
    return `${what}, process ${pid}, since ${since}`
  } catch {
    return 'it did not say which'
  }
}

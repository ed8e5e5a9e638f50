// The writing half of the run recorder: takes orders one after the other and answers when each is on its way to the
// disk. Runs in a worker thread; knows no thread, so that tests can give it a disk of their own.

import { type FoxgloveSchemaName, foxgloveJsonSchemas } from './calibration.js'
import type { TopicImage } from './images.js'
import { McapFile } from './mcap-file.js'
import { isFull, type Sink } from './sink.js'

export type Order =
  | {
      readonly kind: 'image'
      readonly picture: TopicImage
      readonly timeNs: bigint
      /** Counted by the sender until it is answered. */
      readonly bytes: number
    }
  | {
      readonly kind: 'json'
      readonly topic: string
      readonly json: string
      readonly timeNs: bigint
      readonly schema?: FoxgloveSchemaName
    }
  | { readonly kind: 'close'; readonly facts: Readonly<Record<string, string>> }

export type Answer =
  | { readonly kind: 'written'; readonly bytes: number }
  /** The recording has ended; further orders are answered but not written. */
  | { readonly kind: 'failed'; readonly full: boolean; readonly reason: string }
  | { readonly kind: 'closed' }

const profile = 'cliport-edge-run'

/**
 * @param openSink opens the file
 * @param answer   where answers go
 * @returns takes an order; orders are carried out in sequence
 */
export function createMcapWriter(
  openSink: () => Promise<Sink>,
  answer: (answer: Answer) => void,
): (order: Order) => void {
  let failed = false
  const fail = (error: unknown): null => {
    if (!failed) answer({ kind: 'failed', full: isFull(error), reason: (error as Error).message })
    failed = true
    return null
  }
  const opened = openSink()
    .then((sink) => McapFile.create(sink, profile))
    .catch(fail)

  const carryOut = async (order: Order): Promise<void> => {
    const file = await opened
    try {
      if (file !== null && !failed) await write(file, order)
    } catch (error) {
      fail(error)
    }
    if (order.kind === 'image') answer({ kind: 'written', bytes: order.bytes })
    if (order.kind === 'close') {
      await file?.close().catch(fail)
      if (file?.failure != null) fail(file.failure)
      answer({ kind: 'closed' })
    }
  }
  let last = Promise.resolve()
  return (order) => {
    last = last.then(() => carryOut(order))
  }
}

function write(file: McapFile, order: Order): Promise<void> {
  switch (order.kind) {
    case 'image':
      return file.writeImage(order.picture.topic, order.picture.image, order.timeNs)
    case 'json':
      return file.writeJson(order.topic, order.json, order.timeNs, order.schema && foxgloveJsonSchemas[order.schema])
    case 'close':
      return file.writeMetadata('recording', order.facts)
  }
}

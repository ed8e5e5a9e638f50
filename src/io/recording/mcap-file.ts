// One MCAP file being written. Topics are declared by their first message; chunks are compressed with zstd and carry
// checksums; data section and summary carry theirs, so that a flipped byte anywhere is found (reader.ts).
//
// Compression runs in the calling thread, 1 to 3 ms a megabyte.

import zstd from '@foxglove/wasm-zstd'
import { McapRecordBuilder, McapWriter } from '@mcap/core'
import { encodeRawImage, type RecordedImage, rawImageSchema } from './raw-image.js'
import type { Sink } from './sink.js'

/** 1 takes a fifth of the time of the default 3, for files that are a fifth larger. */
const zstdLevel = 1
const chunkBytes = 1024 * 1024
/** Opcode of the record that ends the data section (MCAP specification). */
const dataEnd = 0x0f

/** Schema of a topic, as MCAP stores it. */
export interface TopicSchema {
  readonly name: string
  readonly encoding: string
  readonly data: Uint8Array
}

const noSchema: TopicSchema = { name: '', encoding: '', data: new Uint8Array() }

export class McapFile {
  readonly #sink: Sink
  readonly #writer: McapWriter
  readonly #channels = new Map<string, number>()
  readonly #schemas = new Map<string, number>()
  #position = 0n
  /** Lengths of the file at which a record of the data section ends; up to the last one all is whole. */
  #recordEnds: bigint[] = []
  #ended = false
  #failure: unknown = null
  #queue: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  private constructor(sink: Sink) {
    this.#sink = sink
    this.#writer = new McapWriter({
      chunkSize: chunkBytes,
      compressChunk: (chunk) => ({ compression: 'zstd', compressedData: zstd.compress(chunk, zstdLevel) }),
      writable: {
        position: () => this.#position,
        write: async (bytes) => {
          if (bytes.byteLength === 0) return
          await sink.write(bytes)
          this.#position += BigInt(bytes.byteLength)
          this.#ended ||= bytes[0] === dataEnd
          if (!this.#ended) this.#recordEnds.push(this.#position)
        },
      },
    })
  }

  /** @param profile written to the file's header: what kind of file this is */
  static async create(sink: Sink, profile: string): Promise<McapFile> {
    await zstd.isLoaded
    const file = new McapFile(sink)
    try {
      await file.#enqueue(() => file.#writer.start({ profile, library: 'cliport-edge' }))
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** What ended the file early; null while all is well. */
  get failure(): unknown {
    return this.#failure
  }

  /** Bytes that are in the file; what is in the open chunk is not counted. */
  get bytesWritten(): number {
    return Number(this.#position)
  }

  /** Appends a message of JSON. @throws what the sink throws; after that every write throws the same */
  writeJson(topic: string, json: string, logTimeNs: bigint, schema: TopicSchema = noSchema): Promise<void> {
    return this.#write(topic, 'json', schema, new TextEncoder().encode(json), logTimeNs, logTimeNs)
  }

  /** Appends a picture. @param logTimeNs when it was recorded; its own stamp is when it was taken */
  writeImage(topic: string, image: RecordedImage, logTimeNs: bigint, publishTimeNs = image.stampNs): Promise<void> {
    return this.#write(topic, 'protobuf', rawImageSchema, encodeRawImage(image), logTimeNs, publishTimeNs)
  }

  /** Facts on the file as a whole. */
  writeMetadata(name: string, facts: Readonly<Record<string, string>>): Promise<void> {
    return this.#enqueue(() => this.#writer.addMetadata({ name, metadata: new Map(Object.entries(facts)) }))
  }

  /**
   * Ends the file with index and checksums. After a failed write it cuts off what is not whole and ends the file
   * without an index instead, which readers take as well.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#queue.catch(() => undefined)
    try {
      if (this.#failure === null) await this.#enqueue(() => this.#writer.end())
    } catch {
      // Remembered by #enqueue: the end below is the second try.
    }
    if (this.#failure !== null) await this.#endWithoutIndex()
    await this.#sink.sync().catch(() => undefined)
    await this.#sink.close()
  }

  #write(
    topic: string,
    messageEncoding: string,
    schema: TopicSchema,
    data: Uint8Array,
    logTime: bigint,
    publishTime: bigint,
  ): Promise<void> {
    return this.#enqueue(async () => {
      const channelId = this.#channels.get(topic) ?? (await this.#declare(topic, messageEncoding, schema))
      await this.#writer.addMessage({ channelId, sequence: 0, logTime, publishTime, data })
    })
  }

  async #declare(topic: string, messageEncoding: string, schema: TopicSchema): Promise<number> {
    let schemaId = schema.name === '' ? 0 : this.#schemas.get(schema.name)
    if (schemaId === undefined) {
      schemaId = await this.#writer.registerSchema(schema)
      this.#schemas.set(schema.name, schemaId)
    }
    const channelId = await this.#writer.registerChannel({ topic, messageEncoding, schemaId, metadata: new Map() })
    this.#channels.set(topic, channelId)
    return channelId
  }

  /** McapWriter takes one call at a time. A failed one fails all that follow: nothing may come after a gap. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(async () => {
      try {
        await work()
      } catch (error) {
        this.#failure = error
        throw error
      }
    })
    this.#queue = done
    // The caller may look at this promise late or at a later one only; #failure has the error in any case.
    done.catch(() => undefined)
    return done
  }

  /** An end without index takes 50 bytes; where not even they fit, the last record makes room for them. */
  async #endWithoutIndex(): Promise<void> {
    const records = new McapRecordBuilder()
    records.writeDataEnd({ dataSectionCrc: 0 })
    records.writeFooter({ summaryStart: 0n, summaryOffsetStart: 0n, summaryCrc: 0 })
    records.writeMagic()
    for (const end of this.#recordEnds.reverse()) {
      try {
        await this.#sink.truncate(Number(end))
        return await this.#sink.write(records.buffer)
      } catch {
        // Not even that: give up one record more.
      }
    }
  }
}

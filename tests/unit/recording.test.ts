import { MessageChannel } from 'node:worker_threads'
import { fc, test as propertyTest } from '@fast-check/vitest'
import * as foxglove from '@foxglove/schemas/internal.js'
import { describe, expect, test } from 'vitest'
import { quaternionOf } from '../../src/control/geometry.js'
import type { Heightmap, RgbdFrame } from '../../src/control/types.js'
import { cameraFacts } from '../../src/io/recording/calibration.js'
import { McapFile } from '../../src/io/recording/mcap-file.js'
import { type Answer, createMcapWriter, type Order } from '../../src/io/recording/mcap-writer.js'
import { decodeRawImage, encodeRawImage, rawImageSchema } from '../../src/io/recording/raw-image.js'
import { findDamage, imageOf, jsonOf, recordingOf } from '../../src/io/recording/reader.js'
import { type McapWriterPort, RunRecorder } from '../../src/io/recording/run-recorder.js'
import { MemorySink } from '../fixtures/memory-sink.js'

const image = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain((size) =>
    fc.record({
      width: fc.constant(size.width),
      height: fc.constant(size.height),
      encoding: fc.constant('rgb8' as const),
      data: fc.uint8Array({ minLength: size.width * size.height * 3, maxLength: size.width * size.height * 3 }),
      stampNs: fc.bigInt({ min: 0n, max: 2n ** 62n }),
      frameId: fc.string(),
    }),
  )

async function aRecording(sink = new MemorySink(), count = 5): Promise<Uint8Array> {
  const file = await McapFile.create(sink, 'test')
  for (let i = 0; i < count; i++) await file.writeJson('/goal', JSON.stringify({ i }), BigInt(i)).catch(() => {})
  await file.close()
  return sink.bytes
}

describe('a recording', () => {
  propertyTest.prop(
    [fc.array(fc.tuple(fc.constantFrom('/a', '/b'), fc.json(), fc.bigInt({ min: 0n, max: 2n ** 62n })))],
    {
      numRuns: 50,
    },
  )('gives back every event in the order in which it was written', async (events) => {
    const sink = new MemorySink()
    const file = await McapFile.create(sink, 'test')
    for (const [topic, json, time] of events) void file.writeJson(topic, json, time)
    await file.close()
    const { messages, complete } = await recordingOf(sink.bytes, 'memory')
    expect(complete).toBe(true)
    expect(messages.map((m) => [m.topic, new TextDecoder().decode(m.data), m.logTimeNs])).toEqual(events)
  })

  propertyTest.prop([image], { numRuns: 50 })('gives back a picture byte for byte', async (picture) => {
    const sink = new MemorySink()
    const file = await McapFile.create(sink, 'test')
    await file.writeImage('/camera/front/color', picture, 7n)
    await file.close()
    const [message] = (await recordingOf(sink.bytes, 'memory')).messages
    expect(imageOf(message!)).toEqual(picture)
    expect(message).toMatchObject({ logTimeNs: 7n, publishTimeNs: picture.stampNs })
  })

  propertyTest.prop([fc.nat(), fc.integer({ min: 1, max: 255 })], { numRuns: 300 })(
    'with one changed byte is refused, wherever the byte lies',
    async (at, change) => {
      const bytes = (await aRecording()).slice()
      expect(findDamage(bytes)).toBeNull()
      bytes[at % bytes.length]! ^= change
      await expect(recordingOf(bytes, 'x.mcap')).rejects.toMatchObject({ code: 'RECORDING_CORRUPT' })
    },
  )

  propertyTest.prop([fc.nat()], { numRuns: 200 })('cut off anywhere is refused by name', async (length) => {
    const bytes = await aRecording()
    const cut = bytes.slice(0, length % bytes.length)
    await expect(recordingOf(cut, 'x.mcap')).rejects.toThrow('x.mcap')
  })

  test('with something after its end is refused', async () => {
    const longer = Buffer.concat([await aRecording(), Buffer.from('more')])
    await expect(recordingOf(longer, 'x.mcap')).rejects.toMatchObject({ code: 'RECORDING_CORRUPT' })
  })

  test('that was cut off gives its whole chunks to who asks for them', async () => {
    const sink = new MemorySink()
    const file = await McapFile.create(sink, 'test')
    for (let i = 0; i < 4; i++) await file.writeJson('/big', JSON.stringify('x'.repeat(2 ** 20)), BigInt(i))
    const salvaged = await recordingOf(sink.bytes, 'x.mcap', { salvage: true })
    expect(salvaged).toMatchObject({ complete: false })
    expect(salvaged.messages.map((m) => m.logTimeNs)).toEqual([0n, 1n, 2n, 3n])
  })
})

describe('a full disk', () => {
  const noise = (i: number) =>
    JSON.stringify(Array.from({ length: 60_000 }, (_, k) => (i * 7919 + k * 104729) % 1000003))

  propertyTest.prop([fc.integer({ min: 0, max: 400_000 })], { numRuns: 40 })(
    'leaves a readable file with the first events, however much fitted',
    async (roomBytes) => {
      const sink = new MemorySink(roomBytes)
      const file = await McapFile.create(sink, 'test').catch(() => null)
      for (let i = 0; i < 8; i++) await file?.writeJson('/noise', noise(i), BigInt(i)).catch(() => {})
      await file?.close()
      expect(sink.bytes.length).toBeLessThanOrEqual(roomBytes)
      expect(sink.closed).toBe(true)
      const { messages } = await recordingOf(sink.bytes, 'memory', { salvage: true })
      expect(messages.map((m) => m.logTimeNs)).toEqual(messages.map((_, i) => BigInt(i)))
    },
  )

  test('that had room for some chunks leaves a file with a proper end', async () => {
    const whole = await aNoisyFile(new MemorySink())
    const cut = await aNoisyFile(new MemorySink(Math.floor(whole.length * 0.6)))
    const { messages } = await recordingOf(cut, 'memory', { salvage: true })
    expect(messages.length).toBeGreaterThan(0)
    expect(Buffer.from(cut.slice(-8)).toString('latin1')).toBe('\x89MCAP0\r\n')
  })

  test('makes every later write fail too, even if there is room again, so that nothing follows a gap', async () => {
    const sink = new RelentingSink(100)
    const file = await McapFile.create(sink, 'test')
    const writes = [0, 1, 2, 3, 4, 5].map((i) => file.writeJson('/noise', noise(i).repeat(3), BigInt(i)))
    const results = await Promise.allSettled(writes)
    expect(results.map((r) => r.status)).toEqual(Array(6).fill('rejected'))
  })

  async function aNoisyFile(sink: MemorySink): Promise<Uint8Array> {
    const file = await McapFile.create(sink, 'test')
    for (let i = 0; i < 8; i++) await file.writeJson('/noise', noise(i).repeat(3), BigInt(i)).catch(() => {})
    await file.close()
    return sink.bytes
  }
})

describe('pictures in recordings', () => {
  test('have the fields of the published foxglove.RawImage', () => {
    const published = foxglove.generateProto(foxglove.foxgloveMessageSchemas.RawImage, [])
    const fields = [...published.matchAll(/^ {2}([\w.]+) (\w+) = (\d+);/gm)].map(
      ([, type, name, number]) => `${type} ${name} ${number}`,
    )
    expect(fields.toSorted()).toEqual(
      [
        'google.protobuf.Timestamp timestamp 1',
        'fixed32 width 2',
        'fixed32 height 3',
        'string encoding 4',
        'fixed32 step 5',
        'bytes data 6',
        'string frame_id 7',
      ].toSorted(),
    )
    expect(rawImageSchema).toMatchObject({ name: 'foxglove.RawImage', encoding: 'protobuf' })
  })

  test('whose size and data disagree are refused', () => {
    const wrong = { width: 4, height: 4, encoding: 'rgb8' as const, data: new Uint8Array(47), stampNs: 0n, frameId: '' }
    expect(() => decodeRawImage(encodeRawImage(wrong))).toThrow('48 bytes')
  })

  propertyTest.prop([fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })])(
    'stand where T_base_camera says, for every rotation',
    (components) => {
      const norm = Math.hypot(...components)
      fc.pre(norm > 0.1)
      const [x, y, z, w] = components.map((c) => c / norm) as [number, number, number, number]
      const T = transformOf(x, y, z, w)
      const q = quaternionOf(T)
      expect(Math.hypot(q.x, q.y, q.z, q.w)).toBeCloseTo(1, 9)
      expect(Math.abs(q.x * x + q.y * y + q.z * z + q.w * w)).toBeCloseTo(1, 9)
    },
  )
})

describe('the run recorder', () => {
  test('writes frames, heightmaps and events with calibration and pose, and ends the file', async () => {
    const { recorder, sink } = aRecorder()
    recorder.frames([aFrame('front')])
    recorder.heightmap(aHeightmap())
    recorder.event('/goal', { goal: 'put the red blocks in a green bowl', stampNs: 12n, q: Float64Array.of(1, 2) })
    await recorder.close()
    const { messages, metadata } = await recordingOf(sink.bytes, 'memory')
    expect(messages.map((m) => m.topic)).toEqual([
      '/camera/front/calibration',
      '/tf',
      '/camera/front/color',
      '/camera/front/depth',
      '/heightmap/height',
      '/heightmap/color',
      '/goal',
    ])
    expect(jsonOf(messages[6]!)).toEqual({ goal: 'put the red blocks in a green bowl', stampNs: '12', q: [1, 2] })
    expect(imageOf(messages[2]!).data).toEqual(aFrame('front').color)
    expect(metadata.get('recording')).toEqual({ dropped_pictures: '0', unwritable_events: '0' })
  })

  test('leaves out pictures but no event while the disk is behind, and says how many', async () => {
    const port = new SilentPort()
    const recorder = new RunRecorder('x.mcap', port, { maxWaitingBytes: 10_000 })
    for (let i = 0; i < 100; i++) {
      recorder.heightmap(aHeightmap())
      recorder.event('/step', { i })
    }
    const sent = port.orders.reduce((sum, order) => sum + (order.kind === 'image' ? order.bytes : 0), 0)
    expect(sent).toBeLessThanOrEqual(10_000)
    expect(port.orders.filter((order) => order.kind === 'json')).toHaveLength(100)
    expect(recorder.droppedPictures).toBe(200 - port.orders.filter((order) => order.kind === 'image').length)
    port.answer({ kind: 'written', bytes: sent })
    recorder.heightmap(aHeightmap())
    expect(port.orders.slice(-2).map((order) => order.kind)).toEqual(['image', 'image'])
  })

  test('keeps what it was given even when the caller uses the buffer again', async () => {
    const { recorder, sink } = aRecorder()
    const frame = aFrame('front')
    const before = frame.color.slice()
    recorder.frames([frame])
    frame.color.fill(255)
    await recorder.close()
    const { messages } = await recordingOf(sink.bytes, 'memory')
    expect(imageOf(messages.find((m) => m.topic === '/camera/front/color')!).data).toEqual(before)
  })

  test('warns once of a full disk and lets the run go on', async () => {
    const problems: string[] = []
    const { recorder, sink } = aRecorder(new MemorySink(1_500_000), (problem) => problems.push(problem.code))
    for (let i = 0; i < 50; i++) {
      recorder.frames([aFrame('front', 320, 240, i)])
      await new Promise((resolve) => setImmediate(resolve))
    }
    await recorder.close()
    expect(problems).toEqual(['DISK_FULL'])
    expect(recorder.problem?.message).toContain('continues')
    expect((await recordingOf(sink.bytes, 'memory', { salvage: true })).messages.length).toBeGreaterThan(0)
  })

  test('survives an event that is no JSON', async () => {
    const { recorder, sink } = aRecorder()
    const circular: Record<string, unknown> = {}
    circular.self = circular
    recorder.event('/circular', circular)
    recorder.event('/after', null)
    await recorder.close()
    const { messages, metadata } = await recordingOf(sink.bytes, 'memory')
    expect(messages.map((m) => m.topic)).toEqual(['/after'])
    expect(metadata.get('recording')).toMatchObject({ unwritable_events: '1' })
  })

  test('may be closed twice, and takes nothing afterwards', async () => {
    const { recorder, sink } = aRecorder()
    await Promise.all([recorder.close(), recorder.close()])
    recorder.event('/late', {})
    expect((await recordingOf(sink.bytes, 'memory')).messages).toEqual([])
  })

  test('whose thread dies says so, and close still returns', async () => {
    const port = new SilentPort()
    const problems: string[] = []
    const recorder = new RunRecorder('x.mcap', port, { onProblem: (problem) => problems.push(problem.message) })
    port.die(new Error('out of memory'))
    await recorder.close()
    expect(problems).toEqual([expect.stringContaining('out of memory')])
  })
})

test('the calibration is that of the frame', () => {
  const [calibration] = cameraFacts(aFrame('front'), 1_500_000_000n)
  expect(calibration?.value).toMatchObject({
    timestamp: { sec: 1, nsec: 500_000_000 },
    K: [450, 0, 20, 0, 451, 15, 0, 0, 1],
    width: 40,
    height: 30,
  })
})

/** Has room again as soon as it has said once that it has none. */
class RelentingSink extends MemorySink {
  override async write(bytes: Uint8Array): Promise<void> {
    await super.write(bytes).finally(() => {
      if (this.bytes.length === this.roomBytes) this.roomBytes = Number.POSITIVE_INFINITY
    })
  }
}

class SilentPort implements McapWriterPort {
  readonly orders: Order[] = []
  answer: (answer: Answer) => void = () => {}
  die: (error: Error) => void = () => {}

  postMessage(order: Order): void {
    this.orders.push(order)
  }

  on(event: string, listener: never): void {
    if (event === 'message') this.answer = listener
    else this.die = listener
  }

  ref(): void {}
  unref(): void {}
}

/** A recorder whose MCAP writer runs in this thread, behind a real message channel, on a disk in memory. */
function aRecorder(sink = new MemorySink(), onProblem: (problem: Error & { code: string }) => void = () => {}) {
  const { port1, port2 } = new MessageChannel()
  const takeOrder = createMcapWriter(
    async () => sink,
    (answer) => {
      port2.postMessage(answer)
      if (answer.kind === 'closed') port2.close()
    },
  )
  port2.on('message', takeOrder)
  return { recorder: new RunRecorder('x.mcap', port1 as McapWriterPort, { onProblem }), sink }
}

function aFrame(camera: string, width = 40, height = 30, seed = 1): RgbdFrame {
  return {
    camera,
    intrinsics: { width, height, fx: 450, fy: 451, cx: 20, cy: 15 },
    T_base_camera: transformOf(0, 0, 0, 1),
    color: new Uint8Array(width * height * 3).map((_, i) => Math.imul(i + seed, 2654435761) >>> 13),
    depthM: new Float32Array(width * height).map((_, i) => 0.5 + Math.fround(i * 1e-5)),
    stampNs: 77n,
  }
}

function aHeightmap(): Heightmap {
  const spec = { xMinM: 0.25, xMaxM: 0.35, yMinM: 0, yMaxM: 0.1, zMinM: 0, zMaxM: 0.28, pixelM: 0.01 / 3 }
  return {
    spec,
    rows: 30,
    cols: 30,
    heightM: new Float32Array(900).fill(0.02),
    color: new Uint8Array(2700),
    stampNs: 9n,
  }
}

/** Rotation matrix of a unit quaternion as a transform without translation. */
function transformOf(x: number, y: number, z: number, w: number): Float64Array {
  return Float64Array.of(
    ...[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), 0],
    ...[2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), 0],
    ...[2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), 0],
    ...[0, 0, 0, 1],
  )
}

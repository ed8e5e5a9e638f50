// Images in recordings: protobuf messages of type foxglove.RawImage, as published by Foxglove, which therefore shows
// them without a plug-in. The schema travels in every file, so that any MCAP reader can decode the messages.

import { create, createFileRegistry, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt'

const { FIXED32, STRING, BYTES, MESSAGE } = FieldDescriptorProto_Type

/** Bytes a pixel of the encodings that recordings use. */
const bytesPerPixel = { rgb8: 3, mono8: 1, '32FC1': 4 } as const

export type ImageEncoding = keyof typeof bytesPerPixel

/** A picture of a recording, row-major. `32FC1` data are metres, little-endian float32. */
export interface RecordedImage {
  readonly width: number
  readonly height: number
  readonly encoding: ImageEncoding
  readonly data: Uint8Array
  readonly stampNs: bigint
  readonly frameId: string
}

/** Name, number and type of every field, from Foxglove's published RawImage.proto. */
const fields = [
  { name: 'timestamp', number: 1, type: MESSAGE, typeName: '.google.protobuf.Timestamp' },
  { name: 'width', number: 2, type: FIXED32 },
  { name: 'height', number: 3, type: FIXED32 },
  { name: 'encoding', number: 4, type: STRING },
  { name: 'step', number: 5, type: FIXED32 },
  { name: 'data', number: 6, type: BYTES },
  { name: 'frame_id', number: 7, type: STRING },
]

const descriptors: FileDescriptorSet = create(FileDescriptorSetSchema, {
  file: [
    file_google_protobuf_timestamp.proto,
    {
      name: 'foxglove/RawImage.proto',
      package: 'foxglove',
      syntax: 'proto3',
      dependency: ['google/protobuf/timestamp.proto'],
      messageType: [
        { name: 'RawImage', field: fields.map((f) => ({ ...f, label: FieldDescriptorProto_Label.OPTIONAL })) },
      ],
    },
  ],
})

const rawImage = createFileRegistry(descriptors).getMessage('foxglove.RawImage')!

/** What MCAP stores as the schema of a RawImage topic. */
export const rawImageSchema = {
  name: 'foxglove.RawImage',
  encoding: 'protobuf',
  data: toBinary(FileDescriptorSetSchema, descriptors),
}

interface RawImageFields extends Message {
  timestamp?: { seconds: bigint; nanos: number }
  width: number
  height: number
  encoding: string
  step: number
  data: Uint8Array
  frameId: string
}

/** Bytes of a picture's data; a caller whose buffer has another size made a mistake. */
export function imageBytes(width: number, height: number, encoding: ImageEncoding): number {
  return width * height * bytesPerPixel[encoding]
}

export function encodeRawImage(image: RecordedImage): Uint8Array {
  const message = create(rawImage, {
    timestamp: { seconds: image.stampNs / 1_000_000_000n, nanos: Number(image.stampNs % 1_000_000_000n) },
    width: image.width,
    height: image.height,
    encoding: image.encoding,
    step: image.width * bytesPerPixel[image.encoding],
    data: image.data,
    frameId: image.frameId,
  } as Record<string, unknown>)
  return toBinary(rawImage, message)
}

/** @throws Error when the bytes are no RawImage, or its size and its data do not agree */
export function decodeRawImage(bytes: Uint8Array): RecordedImage {
  const { timestamp, width, height, encoding, data, frameId } = fromBinary(rawImage, bytes) as RawImageFields
  if (!(encoding in bytesPerPixel))
    throw new Error(`Expected an image encoding of ${Object.keys(bytesPerPixel).join(', ')} but received ${encoding}`)
  const expected = imageBytes(width, height, encoding as ImageEncoding)
  if (data.byteLength !== expected) {
    throw new Error(
      `Expected ${expected} bytes for a ${width} x ${height} ${encoding} image but received ${data.byteLength}`,
    )
  }
  const stampNs = (timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(timestamp?.nanos ?? 0)
  return { width, height, encoding: encoding as ImageEncoding, data, stampNs, frameId }
}

/** The bytes of a float image, without a copy. Every machine that this runs on is little-endian, as 32FC1 is. */
export function floatBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** The numbers of a 32FC1 image; a copy, since a message's bytes need not be aligned. */
export function floatsOf(image: RecordedImage): Float32Array {
  return new Float32Array(new Uint8Array(image.data).buffer)
}

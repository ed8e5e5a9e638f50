// What the policy server reads of the parts of a request, and what it says of those that it cannot read.

import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { parseRequest, RequestError } from '../../src/io/policy-server/request.js'
import { jsonPart } from '../../src/io/policy-server/wire.js'

const pose = [0, -1, 0, 0.5, -1, 0, 0, 0, 0, 0, -1, 0.8, 0, 0, 0, 1]
const frame = {
  width: 4,
  height: 2,
  intrinsics: { fx: 5, fy: 5, cx: 2, cy: 1 },
  T_base_camera: pose,
  color: 'rgb8',
  depth: 'u16',
  depth_scale_m: 0.001,
}
const color = new Uint8Array(24).fill(7)
const depth = new Uint8Array(new Uint16Array([0, 500, 1000, 1500, 2000, 2500, 3000, 65535]).buffer)
const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer)

function refusal(...parts: Uint8Array[]): RequestError {
  try {
    parseRequest(parts)
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
  return expect.unreachable()
}

const framesHeader = (changes: object = {}) => jsonPart({ version: 1, goal: 'x', frames: [{ ...frame, ...changes }] })

describe('frames', () => {
  test('16-bit depth becomes metres, whatever address its part has', () => {
    const shifted = new Uint8Array([1, ...depth]).subarray(1)
    const request = parseRequest([framesHeader({ name: 'left' }), color, shifted])
    if (request.kind !== 'frames') return expect.unreachable()
    const [{ camera, depthM, T_base_camera, intrinsics }] = request.frames as [(typeof request.frames)[number]]
    expect(camera).toBe('left')
    expect([...depthM]).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 65.535].map(Math.fround))
    expect([...T_base_camera]).toEqual(pose)
    expect(intrinsics).toEqual({ width: 4, height: 2, fx: 5, fy: 5, cx: 2, cy: 1 })
  })

  test('a pose may have 4 rows of 4, as in camera.json, and float depth is metres', () => {
    const rows = [0, 4, 8, 12].map((at) => pose.slice(at, at + 4))
    const metres = floats(0, 1, 2, 3, 4, 5, 6, 7)
    const request = parseRequest([framesHeader({ T_base_camera: rows, depth: 'f32_m' }), color, metres])
    if (request.kind !== 'frames') return expect.unreachable()
    expect([...request.frames[0]!.depthM]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test('a colour camera of its own has its own size', () => {
    const other = {
      width: 2,
      height: 1,
      intrinsics: frame.intrinsics,
      T_color_depth: [1, 0, 0, 0.01, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    }
    const request = parseRequest([framesHeader({ color_camera: other }), color.subarray(6, 12), depth])
    if (request.kind !== 'frames') return expect.unreachable()
    expect(request.frames[0]!.colorCamera).toMatchObject({ lens: 'pinhole', intrinsics: { width: 2, height: 1 } })
    expect(refusal(framesHeader({ color_camera: other }), color, depth).message).toMatch(/Expected 6 bytes/)
  })

  test.each([
    [[framesHeader()], /Expected 3 part\(s\) but received 1/],
    [[framesHeader(), color, depth, depth], /Expected 3 part\(s\) but received 4/],
    [[framesHeader(), color.subarray(1), depth], /Expected 24 bytes \(colour of frame 0/],
    [[framesHeader({ depth: 'f32_m' }), color, depth], /Expected 32 bytes \(depth of frame 0, f32_m/],
    [[framesHeader({ width: 1e9 }), color, depth], /frames\.0\.width: .*4096/],
    [[framesHeader({ depth: 'f64' }), color, depth], /frames\.0\.depth/],
    [[framesHeader({ intrinsic: 1 }), color, depth], /unknown key frames\.0\.intrinsic, did you mean intrinsics/],
    [[framesHeader({ intrinsics: { ...frame.intrinsics, fx: 0 } }), color, depth], /frames\.0\.intrinsics\.fx/],
  ])('%#: lengths and keys that are wrong are named', (parts, message) => {
    expect(refusal(...parts)).toMatchObject({ code: 'REQUEST_INVALID', message: expect.stringMatching(message) })
  })

  test('a pose that cannot be one has a code of its own', () => {
    const scaled = pose.map((value, i) => (i < 12 && i % 4 < 3 ? value * 1000 : value))
    expect(refusal(framesHeader({ T_base_camera: scaled }), color, depth)).toMatchObject({
      code: 'POSE_INVALID',
      message: expect.stringMatching(/frames\.0\.T_base_camera: .*looks scaled by 1000/),
    })
  })
})

describe('a heightmap', () => {
  const header = jsonPart({
    version: 1,
    goal: 'x',
    heightmap: { height: 1, width: 2 },
    suppress: [{ pixel: [0, 1], radius_m: 0.02 }],
  })

  test('is colour, heights and, if the client knows them, seen cells', () => {
    const parts = [header, new Uint8Array(6), floats(0.1, 0.2)]
    expect(parseRequest(parts)).toMatchObject({
      ...{ kind: 'heightmap', rows: 1, cols: 2, seen: null, workspace: null, maps: false },
      suppress: [{ pixel: [0, 1], radiusM: 0.02 }],
    })
    expect(parseRequest([...parts, new Uint8Array([1, 0])])).toMatchObject({ seen: new Uint8Array([1, 0]) })
    const may = jsonPart({
      version: 1,
      goal: 'x',
      understand: false,
      heightmap: { height: 1, width: 2, pick_cells: true },
    })
    const pickCells = new Uint8Array([0, 1])
    expect(parseRequest([may, parts[1]!, parts[2]!, pickCells])).toMatchObject({ seen: null, pickCells })
    expect(parseRequest([may, parts[1]!, parts[2]!, new Uint8Array([1, 1]), pickCells])).toMatchObject({ pickCells })
    expect(refusal(may, parts[1]!, parts[2]!).message).toMatch(/and 1 with pick_cells, but received 2/)
    expect(refusal(...parts, new Uint8Array(3)).message).toMatch(/Expected 2 bytes \(seen cells/)
    expect(refusal(header, new Uint8Array(6)).message).toMatch(/Expected 2 parts behind the JSON/)
  })
})

describe('the JSON', () => {
  test.each([
    [new Uint8Array(), 'REQUEST_INVALID'],
    [new Uint8Array([0xff, 0xfe]), 'REQUEST_INVALID'],
    [jsonPart([]), 'REQUEST_INVALID'],
    [jsonPart({ goal: 'x' }), 'VERSION_UNSUPPORTED'],
    [jsonPart({ version: 2, hello: true }), 'VERSION_UNSUPPORTED'],
    [jsonPart({ version: 1 }), 'REQUEST_INVALID'],
    [jsonPart({ version: 1, goal: 'x', frames: [], heightmap: {} }), 'REQUEST_INVALID'],
    [jsonPart({ version: 1, hello: false }), 'REQUEST_INVALID'],
    [Buffer.from(`{"version":1,"hello":true}${' '.repeat(70_000)}`), 'REQUEST_INVALID'],
  ])('%#: what is none of the messages is refused', (part, code) => {
    expect(refusal(part).code).toBe(code)
  })

  test('a handshake may say what the client expects', () => {
    const expects = { end_effector: 'suction_cup', package_sha256: 'ab' }
    expect(parseRequest([jsonPart({ version: 1, hello: true, expects })])).toMatchObject({
      kind: 'hello',
      expects: { endEffector: 'suction_cup', packageSha256: 'ab' },
    })
    expect(refusal(jsonPart({ version: 1, hello: true }), new Uint8Array()).message).toMatch(/Expected 1 part/)
  })
})

property.prop([
  fc.array(
    fc.oneof(
      fc.uint8Array(),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    ),
    { maxLength: 5 },
  ),
])('whatever comes is refused with a RequestError, and nothing else', (parts) => {
  expect(refusal(...parts).message).not.toBe('')
})

property.prop([fc.record({ key: fc.constantFrom(...Object.keys(frame)), value: fc.jsonValue() })])(
  'a frame with any value in any key is read or refused',
  ({ key, value }) => {
    try {
      parseRequest([framesHeader({ [key]: value }), color, depth])
    } catch (error) {
      expect(error).toBeInstanceOf(RequestError)
    }
  },
)

// Packages that decide in two graphs, as published CLIPort checkpoints do.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { aHeightmap, copyOfPackage, splitPackage } from '../fixtures/policy.js'

const goal = 'put the red blocks in a green bowl'

describe('a package that decides in two graphs', () => {
  let policy: OnnxPolicy
  beforeAll(async () => {
    policy = await OnnxPolicy.load(splitPackage)
  })
  afterAll(() => policy.close())

  test('the place is sought for the pick that was found', async () => {
    const { pick, place } = await policy.propose(aHeightmap(), goal)
    const [u, v] = pick.pixel
    expect(place.pixel).toEqual([319 - u, 159 - v])
    expect(place.yawRad).toBeCloseTo(-Math.PI / 2, 12)
  })

  test('what it has no output for is taken as there and to be done', async () => {
    const { remaining, found } = await policy.propose(aHeightmap(), goal)
    expect([remaining, found]).toEqual([1, 1])
  })

  test('maps come with the decision, when they are asked for', async () => {
    const heightmap = aHeightmap()
    const { maps } = await policy.propose(heightmap, goal, { maps: true })
    expect(maps?.pick).toHaveLength(320 * 160)
    expect(maps?.place[205 * 160 + 72]).toBeCloseTo(heightmap.heightM[205 * 160 + 72]! / 0.28, 6)
    expect((await policy.propose(heightmap, goal)).maps).toBeUndefined()
  })

  test('a sentence is encoded once', async () => {
    const first = await policy.propose(aHeightmap(), 'put the cyan block on the stand')
    const second = await policy.propose(aHeightmap(), 'put the cyan block on the stand')
    expect(first.timingMs).toHaveProperty('text')
    expect(second.timingMs).not.toHaveProperty('text')
  })
})

describe('weights beside a graph', () => {
  let copy: Awaited<ReturnType<typeof copyOfPackage>>
  beforeEach(async () => {
    copy = await copyOfPackage(splitPackage)
  })
  afterEach(() => copy.remove())
  const refusal = () =>
    OnnxPolicy.load(copy.folder).then(
      () => 'loaded',
      ({ code, message }) => `${code}: ${message}`,
    )

  test('one flipped bit is POLICY_CHECKSUM', async () => {
    const bytes = await copy.read('attention.weights')
    bytes[bytes.length >> 1]! ^= 1
    await copy.write('attention.weights', bytes)
    expect(await refusal()).toMatch(/^POLICY_CHECKSUM: .*attention\.weights is not the file/)
  })

  test('a missing file is POLICY_INVALID', async () => {
    await copy.remove('attention.weights')
    expect(await refusal()).toMatch(/^POLICY_INVALID: .*attention\.weights could not be read/)
  })

  test('weights without a checksum are refused', async () => {
    await copy.manifest((manifest) => {
      delete (manifest.files as Record<string, unknown>)['attention.weights']
      return manifest
    })
    expect(await refusal()).toMatch(/models\.attention\.weights: expected one of files/)
  })

  test.each([
    ['transport', 'attention'],
    ['attention', 'transport'],
  ])('a package without its %s graph names what it has', async (missing, left) => {
    await copy.manifest((manifest) => {
      delete (manifest.models as Record<string, unknown>)[missing]
      return manifest
    })
    expect(await refusal()).toContain(`models: expected decide, or attention and transport, but received ${left}`)
  })
})

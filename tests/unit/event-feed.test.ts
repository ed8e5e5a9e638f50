import { create } from '@bufbuild/protobuf'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { EventFeed } from '../../src/io/link/event-feed.js'
import { type Event, EventSchema } from '../../src/io/link/gen/link_pb.js'

const event = (sequence: number): Event => create(EventSchema, { sequence: BigInt(sequence) })
const numbers = (events: readonly Event[]) => events.map(({ sequence }) => Number(sequence))

const shuffledWithRepeats = fc.integer({ min: 1, max: 30 }).chain((last) =>
  fc.shuffledSubarray(
    Array.from({ length: 3 * last }, (_, i) => 1 + (i % last)),
    { minLength: 3 * last },
  ),
)

propertyTest.prop([shuffledWithRepeats])('events in any order, some repeated, come out in order and once', (order) => {
  const feed = new EventFeed(1n)
  const due = order.flatMap((sequence) => numbers(feed.add(event(sequence))))
  expect(due).toEqual(Array.from({ length: Math.max(...order) }, (_, i) => i + 1))
  expect(feed.missing(BigInt(due.length))).toBeNull()
})

test('what was lost in the middle, or at the end, is missing', () => {
  const feed = new EventFeed(5n)
  expect(feed.missing(4n)).toBeNull()
  expect(feed.missing(5n)).toBe(5n)
  expect(numbers(feed.add(event(7)))).toEqual([])
  expect(feed.missing(0n)).toBe(5n)
  expect(numbers([...feed.add(event(5)), ...feed.add(event(6))])).toEqual([5, 6, 7])
})

test('what the controller no longer keeps is a gap, and the rest goes on', () => {
  const feed = new EventFeed(1n)
  feed.add(event(9))
  feed.skipWhatIsGone()
  expect(numbers([...feed.add(event(8)), ...feed.add(event(10))])).toEqual([8, 9, 10])
})

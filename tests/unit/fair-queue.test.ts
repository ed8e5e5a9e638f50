import { expect, test } from 'vitest'
import { FairQueue } from '../../src/io/policy-server/fair-queue.js'

const wide = { requests: 100, requestsOfClient: 100, bytes: 1000 }

function drain(queue: FairQueue<string>): string[] {
  const items: string[] = []
  for (let item = queue.take(); item !== undefined; item = queue.take()) items.push(item)
  return items
}

test('clients take turns, and the requests of each stay in order', () => {
  const queue = new FairQueue<string>(wide)
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) expect(queue.push(item[0]!, item, 1)).toBeNull()
  expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

test('a client that always has a next request is served once before any other client comes again', () => {
  const queue = new FairQueue<string>(wide)
  for (let i = 0; i < 8; i++) queue.push('greedy', `greedy${i}`, 1)
  queue.push('modest', 'modest0', 1)
  queue.take()
  expect(queue.take()).toBe('modest0')
})

test('each limit is named when it is reached, and what was taken makes room again', () => {
  const queue = new FairQueue<string>({ requests: 3, requestsOfClient: 2, bytes: 100 })
  queue.push('a', 'a1', 10)
  queue.push('a', 'a2', 10)
  expect(queue.push('a', 'a3', 10)).toBe('requestsOfClient')
  expect(queue.push('b', 'b1', 81)).toBe('bytes')
  expect(queue.push('b', 'b1', 80)).toBeNull()
  expect(queue.push('c', 'c1', 0)).toBe('requests')
  expect(queue.take()).toBe('a1')
  expect(queue.push('c', 'c1', 0)).toBeNull()
  expect(queue.size).toBe(3)
})

test('a request that is larger than the memory limit is taken when nothing else waits', () => {
  const queue = new FairQueue<string>({ ...wide, bytes: 10 })
  expect(queue.push('a', 'large', 5000)).toBeNull()
  expect(queue.push('a', 'next', 1)).toBe('bytes')
})

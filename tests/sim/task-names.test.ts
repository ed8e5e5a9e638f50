// What is said to a task's name that is none.

import { expect, test } from 'vitest'
import { taskNamed, taskNames } from '../../src/sim/index.js'

test.each([
  ['put-block-in-bowl', /Use one of: put-block-in-bowl-seen-colors, put-block-in-bowl-unseen-colors/],
  ['put-blok-in-bowl', /Use one of: put-block-in-bowl-seen-colors, put-block-in-bowl-unseen-colors/],
  ['put-block-in-bowl-seen-colour', /Did you mean 'put-block-in-bowl-seen-colors'\?/],
  ['juggle', /put-block-in-bowl \(-seen-colors, -unseen-colors/],
])('%s: the hint has the nearest names, or all of them with their ends', (name, hint) => {
  expect(() => taskNamed(name)).toThrowError(
    expect.objectContaining({ code: 'TASK_UNKNOWN', hint: expect.stringMatching(hint) }),
  )
})

test('the names that a hint lists are names', () => {
  let hint = ''
  try {
    taskNamed('juggle')
  } catch (error) {
    hint = (error as { hint: string }).hint
  }
  const listed = hint
    .replace(/^.*?: /, '')
    .split('; ')
    .flatMap((task) => {
      const [, name, ends = ''] = /^(\S+)(?: \((.*)\))?$/.exec(task)!
      return ends === '' ? [name] : ends.split(', ').map((end) => `${name}${end}`)
    })
  expect(listed.length).toBeGreaterThan(10)
  for (const name of listed) expect(taskNames).toContain(name)
})

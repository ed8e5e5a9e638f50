// The question before a real arm moves: only a whole yes is a yes, and whatever ends the program ends the question.

import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { isAnsweredYes } from '../../src/cli/question.js'

const ctrlC = '\x03'
const ctrlD = '\x04'

function ask(signal = new AbortController().signal, interrupt = () => {}) {
  const input = new PassThrough()
  const answer = isAnsweredYes('Is the area clear?', signal, { input, output: new PassThrough(), interrupt })
  return { input, answer }
}

test.each([
  ['yes', true],
  [' yes ', true],
  ['y', false],
  ['YES', false],
  ['yes please', false],
  ['', false],
])("the answer '%s' is a yes: %s", async (text, isYes) => {
  const { input, answer } = ask()
  input.write(`${text}\r`)
  expect(await answer).toBe(isYes)
})

test.each([
  ['closes', (input: PassThrough) => input.end()],
  ['ends its input with Ctrl-D', (input: PassThrough) => input.write(ctrlD)],
])('a terminal that %s says no', async (_, close) => {
  const { input, answer } = ask()
  close(input)
  expect(await answer).toBe(false)
})

test('Ctrl-C at the question is the signal that it is anywhere else, and ends the question', async () => {
  const stop = new AbortController()
  const { input, answer } = ask(stop.signal, () => stop.abort(new Error('stopped')))
  input.write(ctrlC)
  await expect(answer).rejects.toThrow('stopped')
})

test('a signal that comes while the question is open ends it', async () => {
  const stop = new AbortController()
  const { answer } = ask(stop.signal)
  stop.abort(new Error('stopped'))
  await expect(answer).rejects.toThrow('stopped')
})

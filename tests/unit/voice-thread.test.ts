// The thread that listens, as the main thread sees it.

import { expect, test } from 'vitest'
import { VoiceListener } from '../../src/io/voice/listener.js'
import { type EarEvent, VoiceThread } from '../../src/io/voice/voice-thread.js'
import { projectPath } from '../../src/native/paths.js'
import { lexicon } from '../fixtures/lexicon.js'

test('a thread that can no longer listen says so to who listens, and transcribes nothing', async () => {
  // A graph that opens, and takes no frames of sound.
  const vadFile = projectPath('models/tests/tiny-policy/text.onnx')
  const thread = await VoiceThread.start({ vadFile, moonshineFolder: null, lexicon, threads: 1 })
  try {
    const ended = new Promise((resolve) => {
      new VoiceListener(thread, thread, { lexicon, onEvent: resolve }).push(new Float32Array(512))
    })
    expect(await ended).toMatchObject({ kind: 'ended', code: 'VOICE_ENGINE_FAILED' })
    await expect(thread.hear(new Float32Array(512))).rejects.toMatchObject({ code: 'VOICE_ENGINE_FAILED' })
  } finally {
    await thread.close()
  }
})

test('a listener hears its own stream, and nothing that came too late from the one before', () => {
  const listeners: ((event: EarEvent) => void)[] = []
  let streams = 0
  const ear = {
    begin: () => ++streams,
    listen: (listener: (event: EarEvent) => void) => {
      listeners.push(listener)
      return () => {}
    },
  } as unknown as VoiceThread
  const heard: string[] = []
  const listenerNamed = (name: string) =>
    new VoiceListener(ear, ear, { lexicon, onEvent: ({ kind }) => heard.push(`${name} ${kind}`) })
  listenerNamed('first')
  listenerNamed('second')
  for (const stream of [1, 2]) for (const tell of listeners) tell({ kind: 'stop', stream })
  expect(heard).toEqual(['first stop', 'second stop'])
})

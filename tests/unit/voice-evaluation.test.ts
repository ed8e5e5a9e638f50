// How spoken goals are scored: words, what was offered and doubted, and the folder that a lab brings.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { unrated } from '../../src/control/goal/spoken/hearing.js'
import { distance } from '../../src/control/nearest.js'
import { evaluateVoice } from '../../src/evaluation/voice/evaluate-voice.js'
import { readVoiceFolder } from '../../src/evaluation/voice/voice-folder.js'
import type { Speech } from '../../src/io/voice/speech.js'
import { wavBytes } from '../../src/io/voice/wav.js'
import { lexicon } from '../fixtures/lexicon.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-voice-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('words that were changed, left out and added are counted', () => {
  expect(distance(['put', 'the', 'red'], ['put', 'a', 'red'])).toBe(1)
  expect(distance(['put', 'the', 'red'], ['put', 'red', 'block'])).toBe(2)
  expect(distance([], ['a', 'b'])).toBe(2)
})

test('an evaluation counts what was offered rightly, wrongly and with a doubt, and lost negations', async () => {
  const rows: readonly (readonly [goal: string | null, heard: string])[] = [
    ['put the red block in the green bowl', 'place a red cube in the green bowl'],
    ['put the red block in the green bowl', 'put the blue block in the green bowl'],
    ['do not put the red block in the green bowl', 'put the red block in the green bowl'],
    ['never put the red block in the green bowl', 'never put the red block in the green bowl'],
    [null, 'put the red block in the green bowl'],
    [null, 'the weather stays dry'],
  ]
  const goals = rows.map(([goal], i) => ({ file: `${i}.wav`, goal }))
  await Promise.all(goals.map(({ file }) => writeFile(join(folder, file), wavBytes(new Float32Array(1600)))))
  await writeFile(join(folder, 'goals.json'), JSON.stringify(goals))
  for (const isRated of [true, false]) {
    let at = 0
    const speech: Speech = {
      engine: 'pocketsphinx',
      hear: async () => ({ free: { ...unrated(rows[at++]![1]), tokens: 10 }, bound: [], isRated }),
      close: async () => {},
    }
    const lines: string[] = []
    const { report } = await evaluateVoice(await readVoiceFolder(folder), {
      ...{ speech, lexicon, signal: new AbortController().signal },
      tell: (line) => lines.push(line),
    })
    expect(report).toMatchObject({
      ...{ engine: 'pocketsphinx', sentences: 4, goals_right: 2, negations: 2, negations_lost: 1, no_goal: 2 },
      ...(isRated ? { wrong_without_doubt: 2, no_goal_offered: 1 } : { wrong_without_doubt: 0, no_goal_offered: 0 }),
      ...{ doubted: isRated ? 0 : 3, no_goal_offered_with_doubt: isRated ? 0 : 1 },
    })
    expect(report.wer).toBeCloseTo((3 + 1 + 2) / 35, 2)
    expect(lines).toHaveLength(3)
  }
})

test('a folder without a readable goals.json says what it should hold', async () => {
  await expect(readVoiceFolder(join(folder, 'nowhere'))).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('is no folder'),
  })
  const broken = await mkdtemp(join(folder, 'broken-'))
  const refused = async (content: string | Uint8Array, says: string, code = 'INPUT_INVALID', name = 'goals.json') => {
    await writeFile(join(broken, name), content)
    await expect(readVoiceFolder(broken)).rejects.toMatchObject({ code, message: expect.stringContaining(says) })
  }
  await expect(readVoiceFolder(broken)).rejects.toMatchObject({ message: expect.stringContaining('no such file') })
  await refused('[]', 'it has no rows')
  await refused('[{"file": "a.wav"', 'it is no JSON')
  await refused('[{"file": "a.wav"}]', 'goal')
  await refused('[{"file": "a.wav", "gaol": "put it"}]', 'unknown key 0.gaol, did you mean goal?')
  // Before anything is decoded: the second file of a long evaluation.
  const goals = ['a.wav', 'b.wav'].map((file) => ({ file, goal: null }))
  await refused(JSON.stringify(goals), 'a.wav', 'VOICE_AUDIO_INVALID')
  await refused(wavBytes(new Float32Array(1600)), 'b.wav', 'VOICE_AUDIO_INVALID', 'a.wav')
})

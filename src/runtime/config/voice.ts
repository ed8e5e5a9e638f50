// Settings of spoken goals (docs/voice.md). None is needed for typed ones.

import { z } from 'zod'
import { engineNames } from '../../io/voice/speech.js'

export const voice = z.strictObject({
  engine: z
    .enum(['auto', ...engineNames])
    .default('auto')
    .describe('auto: moonshine where it is there, else pocketsphinx'),
  models: z.string().min(1).default('models/voice').describe('folder that make voice fills'),
  threads: z.int().min(1).max(16).default(1),
  microphone: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("ALSA's name of a microphone of this machine; null: none"),
  push_to_talk: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('input device whose keys are the button, /dev/input/...; null: the microphone listens all the time'),
  sherpa_config: z.string().min(1).nullable().default(null).describe("JSON of sherpa-onnx's OfflineRecognizer"),
  answers: z.boolean().default(false).describe('spoken answers by espeak-ng'),
})

export type VoiceSettings = z.infer<typeof voice>

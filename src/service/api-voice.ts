// What crosses the service's sockets about spoken goals; the rest is in api.ts.
//
// `/api/voice`, a WebSocket with the token: a client sends sound (binary: 16 bit little-endian PCM, 16 kHz, mono, in pieces of
// at most 4096 bytes, about as fast as it is spoken) and `{"hold": true}`, `{"hold": false}` (text: the button is pressed, let
// go), and hears `voice` messages. Nothing that is heard starts a motion; "stop" ends one. No sound is kept.

import { z } from 'zod'

export const voiceStateSchema = z
  .object({
    missing: z.string().nullable().describe('what spoken goals lack here, for a person; null: they can be spoken'),
    microphone: z
      .object({
        device: z.string().describe("ALSA's name"),
        push_to_talk: z.boolean().describe('false: it listens all the time'),
        problem: z.string().nullable().describe('why nothing is heard through it'),
      })
      .nullable()
      .describe("the robot's own microphone; null: the settings name none"),
  })
  .meta({ id: 'VoiceState' })

export type VoiceState = z.infer<typeof voiceStateSchema>

const failure = { code: z.string(), message: z.string(), hint: z.string() }

/** What comes of listening. */
export const voiceEventSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('listening') }).describe('the sound is heard from here on'),
    z.object({ kind: z.literal('level'), level_db: z.number(), is_speech: z.boolean() }),
    z.object({ kind: z.literal('listening_ended'), seconds: z.number() }).describe('is being transcribed'),
    z
      .object({
        kind: z.literal('goal'),
        heard: z.string(),
        sentence: z.string().describe('for the goal box, where a person confirms it'),
        doubts: z.array(z.string()).describe('why a person should look twice'),
        alternatives: z.array(z.string()).describe('what may have been said instead'),
        took_ms: z.number(),
      })
      .describe('starts nothing'),
    z.object({ kind: z.literal('no_goal'), heard: z.string(), took_ms: z.number() }),
    z.object({ kind: z.literal('silence'), reason: z.enum(['closed', 'silence']), level_db: z.number() }),
    z.object({ kind: z.literal('stop') }).describe('"stop" was heard, and the arm was told to stop'),
    z.object({ kind: z.literal('failed'), ...failure }).describe('this piece was not understood; listening goes on'),
    z.object({ kind: z.literal('ended'), ...failure }).describe('nothing is heard any more'),
  ])
  .meta({ id: 'VoiceEvent' })

export type SpokenEvent = z.infer<typeof voiceEventSchema>

/** A text message of a client of `/api/voice`. */
export const holdSchema = z.object({ hold: z.boolean() }).strict()

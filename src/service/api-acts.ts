// What people and programs ask of the service; what it answers, and what they ask to see, is in api.ts.

import { z } from 'zod'
import { goalTextSchema } from './api.js'

export const addGoalSchema = z
  .object({
    sentence: goalTextSchema,
    source: z.string().max(40).default('api'),
    idempotency_key: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('the same key a second time is answered with the goal of the first'),
    front: z.boolean().default(false).describe('before all others'),
  })
  .strict()
  .meta({ id: 'AddGoal' })

export const moveGoalSchema = z
  .object({ before: z.string().nullable().describe('id of a queued goal; null: to the end') })
  .strict()
  .meta({ id: 'MoveGoal' })

export const flagGoalSchema = z
  .object({ flag: z.enum(['good', 'bad']).nullable(), note: z.string().max(2000).default('') })
  .strict()
  .meta({ id: 'FlagGoal' })

export const stopSchema = z.object({ reason: z.string().max(200).default('a person asked for it') }).strict()

export const answerSchema = z
  .object({ choice: z.int().min(0).nullable().describe('index of a candidate; null: none of them') })
  .strict()
  .meta({ id: 'Answer' })

export const armSchema = z
  .object({
    consent_to_motion: z
      .boolean()
      .default(false)
      .describe('of a real arm: its area is clear, and the emergency stop at hand; not needed in the simulated cell'),
  })
  .strict()
  .nullish()
  .meta({ id: 'Arm' })

export const releaseSchema = z
  .object({
    consent_to_motion: z
      .boolean()
      .default(false)
      .describe('of a real arm: a hand or a box is under what it holds; not needed in the simulated cell'),
  })
  .strict()
  .nullish()
  .meta({ id: 'Release' })

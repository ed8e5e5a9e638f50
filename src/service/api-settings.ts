// What crosses the service's sockets about its settings; the rest is in api.ts.

import { z } from 'zod'

export const settingSchema = z
  .object({
    path: z.string(),
    section: z.string(),
    type: z.string(),
    allowed: z.string().describe('bounds or choices, for a person'),
    default: z.unknown().optional().describe('absent: there is none'),
    description: z.string(),
    variable: z.string(),
    editable: z.boolean().describe('false: changed in the file only'),
    value: z.unknown(),
    origin: z.string().describe('flag, environment NAME, FILE:LINE:COLUMN, default'),
  })
  .meta({ id: 'Setting' })

export const settingsSchema = z
  .object({
    file: z.string().nullable().describe('null: none was given, and nothing can be changed from here'),
    settings: z.array(settingSchema),
    restart_needed: z.boolean().describe('the file differs from what the service runs with'),
  })
  .meta({ id: 'Settings' })

export const changeSettingsSchema = z
  .object({ values: z.record(z.string().max(100), z.unknown()) })
  .strict()
  .meta({ id: 'ChangeSettings' })

export const settingsTextSchema = z
  .object({ text: z.string().max(60_000) })
  .strict()
  .meta({ id: 'SettingsText' })

export const settingsProblemsSchema = z
  .object({ file: z.string().nullable(), text: z.string(), problems: z.array(z.string()) })
  .meta({ id: 'SettingsProblems' })

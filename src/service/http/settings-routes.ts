// The settings in the API: the form of the page, and the editor of safe mode.

import { CliportError } from '../../control/errors.js'
import type { Config } from '../../runtime/config/schema.js'
import { changeSettingsSchema, settingsProblemsSchema, settingsSchema, settingsTextSchema } from '../api-settings.js'
import type { SettingsFile } from '../settings-file.js'
import { type App, act, actWith, ask } from './routes.js'

export function addSettingsRoutes(app: App, file: SettingsFile, running: Config): void {
  const all = { 200: settingsSchema }
  app.get('/api/settings', { schema: ask('Every setting: value, origin, meaning', all) }, async () => file.all(running))
  app.put(
    '/api/settings',
    { schema: actWith('Changes settings in the file; they hold after a restart', all, changeSettingsSchema) },
    async ({ body }) => {
      await file.change(body.values)
      return file.all(running)
    },
  )
}

/** @param onFixed the file is valid now */
export function addEditorRoutes(app: App, file: SettingsFile, onFixed: () => void): void {
  const problems = { 200: settingsProblemsSchema }
  app.get('/api/settings/text', { schema: ask('The settings file and its problems', problems) }, async () =>
    file.problems(),
  )
  app.post(
    '/api/settings/check',
    { schema: actWith('Problems of a text; nothing is written', problems, settingsTextSchema) },
    async ({ body }) => file.problems(body.text),
  )
  app.put(
    '/api/settings/text',
    { schema: actWith('Writes the settings file, and starts the service', problems, settingsTextSchema) },
    async ({ body }) => {
      await file.replace(body.text)
      onFixed()
      return file.problems()
    },
  )
  // Everything else is of a service that has settings.
  for (const path of ['arm', 'disarm', 'clear', 'pause', 'resume', 'scene', 'goals', 'preview', 'takeover']) {
    app.post(`/api/${path}`, { schema: act('Refused in safe mode', {}) }, async () => {
      throw new CliportError('SERVICE_REFUSED', 'The settings cannot be used: the service is in safe mode', {
        stage: 'config',
        hint: 'Correct the settings first: cliport config check',
      })
    })
  }
}

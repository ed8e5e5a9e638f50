// Settings that cannot be used start a page with the problems and an editor instead of a dead box: on loopback, with the
// token, without arm, cameras and policy.

import { randomUUID } from 'node:crypto'
import { gridSize } from '../control/geometry.js'
import { mergeConfig } from '../runtime/config/load.js'
import type { Config } from '../runtime/config/schema.js'
import { workspaceOf } from '../runtime/settings.js'
import { apiVersion, type ServiceState, sessionSchema, stateSchema } from './api.js'
import type { App } from './http/routes.js'
import { ask } from './http/routes.js'
import { createApp, type ServerOptions } from './http/server.js'
import { addEditorRoutes } from './http/settings-routes.js'
import { after, atStart, modeOf, reasonOf } from './session-machine.js'
import type { SettingsFile } from './settings-file.js'

/** The socket of safe mode, not listening yet. @param onFixed the file is valid now */
export async function createSafeMode(
  file: SettingsFile,
  service: Config['service'],
  options: ServerOptions,
  onFixed: () => void,
): Promise<App> {
  const startedAtMs = Date.now()
  const startedMs = performance.now()
  const clock = { epoch: randomUUID(), clockMs: () => performance.now() - startedMs }
  const app = await createApp(clock, service, options)
  const state = async (): Promise<ServiceState> => ({
    ...nothing,
    version: options.version,
    epoch: clock.epoch,
    clock_ms: clock.clockMs(),
    started_at_ms: startedAtMs,
    problems: (await file.problems()).problems,
  })
  app.after(() => {
    app.get('/api/state', { schema: ask('What is wrong', { 200: stateSchema }) }, state)
    app.post(
      '/api/stop',
      { schema: ask('Nothing moves', { 200: sessionSchema }), config: { isStop: true } },
      async () => nothing.session,
    )
    addEditorRoutes(app, file, onFixed)
  })
  return app
}

const unusable = after(atStart, { kind: 'unusable' })
const spec = workspaceOf(mergeConfig(null, {}, {}))

/** The state of a service that has nothing. */
const nothing: Omit<ServiceState, 'version' | 'epoch' | 'clock_ms' | 'started_at_ms' | 'problems'> = {
  api: apiVersion,
  simulated: false,
  backend: null,
  policy: null,
  workspace: { ...gridSize(spec), x_min_m: spec.xMinM, y_min_m: spec.yMinM, z_min_m: spec.zMinM, pixel_m: spec.pixelM },
  scene: null,
  session: {
    mode: modeOf(unusable),
    reason: reasonOf(unusable),
    armed: false,
    paused: false,
    running: null,
    problem: null,
  },
  robot: null,
  cameras: [],
  question: null,
  turn: null,
  queue: [],
  history: [],
  disks: [],
  voice: { missing: 'the settings cannot be used', microphone: null },
}

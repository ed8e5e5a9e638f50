// Native addons that a command needs, loaded before anything starts.

import { CliportError } from '../control/errors.js'
import { loadAddon } from '../native/paths.js'

/** Before anything starts: a missing addon would otherwise show in the middle of a run. @throws CliportError ADDON_MISSING */
export function expectAddons(...names: readonly string[]): void {
  for (const name of names) {
    try {
      loadAddon(name)
    } catch (cause) {
      throw new CliportError('ADDON_MISSING', (cause as Error).message, {
        stage: 'start',
        hint: 'Build the native code: make setup; cliport doctor reports what does not load and why',
        cause,
      })
    }
  }
}

/** The addons of the simulated cell and of the cycle. */
export const cellAddons = ['heightmap', 'raster', 'kinematics', 'controller', 'memory'] as const

/** The addons of the cycle alone. */
export const realCellAddons = ['heightmap', 'kinematics', 'memory'] as const

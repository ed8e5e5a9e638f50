// `--fault KEY=VALUE`: faults of the simulated cell, for tests. They happen in the physics; the runtime is not told.

import { CliportError } from '../control/errors.js'
import { nearest } from '../control/nearest.js'
import type { CellFaults } from '../sim/api.js'

const known = {
  'grasp-failure': 'probability 0..1 that a grasp fails',
  'nudge-m':
    'metres, or LEAST:GREATEST, by which objects that are still to be moved are shifted between observation and grasp',
  'drift-mps':
    'metres a second at which objects that are still to be moved slide from an observation until the arm sets off',
  'kill-controller-at-s': 'simulated seconds after which the controller ends abruptly',
  camera: 'stall, nan or zero, of all cameras or of one (stall:left); with @N from observation N on (0 is the first)',
} as const

export const faultHelp = Object.entries(known)
  .map(([key, meaning]) => `${key}: ${meaning}`)
  .join('; ')

/** Adds one `KEY=VALUE` to what was given before. @throws CliportError USAGE */
export function addFault(text: string, before: CellFaults = {}): CellFaults {
  const [key = '', value = ''] = text.split('=', 2)
  switch (key) {
    case 'grasp-failure':
      return { ...before, graspFailure: numberOf(text, value, 1) }
    case 'nudge-m':
      return { ...before, nudgeM: rangeOf(text, value, 0.5) }
    case 'drift-mps':
      return { ...before, driftMps: numberOf(text, value, 1) }
    case 'kill-controller-at-s':
      return { ...before, killControllerAtS: numberOf(text, value, 3600) }
    case 'camera': {
      const [, fault, only, from = '0'] = /^(stall|nan|zero)(?::(front|left|right))?(?:@(\d+))?$/.exec(value) ?? []
      if (fault === undefined) throw wrong(text, 'stall, nan or zero, with :front, :left or :right for one camera')
      const camera = { fault: fault as 'stall' | 'nan' | 'zero', fromCapture: Number(from) }
      return { ...before, camera: only === undefined ? camera : { ...camera, only } }
    }
    default: {
      const right = nearest(key, Object.keys(known))
      throw wrong(text, right === null ? `one of ${Object.keys(known).join(', ')}` : `${right}=...`)
    }
  }
}

function numberOf(text: string, value: string, max: number): number {
  const number = Number(value)
  if (value === '' || !(number >= 0 && number <= max)) throw wrong(text, `a number 0..${max}`)
  return number
}

/** 'A:B', or 'B' for 0..B. */
function rangeOf(text: string, value: string, max: number): readonly [least: number, greatest: number] {
  const parts = value.split(':')
  const [least, greatest] = (parts.length === 1 ? ['0', ...parts] : parts).map((part) => numberOf(text, part, max))
  if (parts.length > 2 || least! > greatest!) throw wrong(text, 'LEAST:GREATEST, two numbers in order')
  return [least!, greatest!]
}

function wrong(received: string, expected: string): CliportError {
  return new CliportError('USAGE', `Expected ${expected} for --fault but received '${received}'`, {
    stage: 'start',
    hint: faultHelp,
  })
}

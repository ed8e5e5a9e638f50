// Whether a policy and a machine go together, compared before anything moves: one row a property, each with what the
// policy needs and what the machine has.

import { CliportError, type ErrorCode } from './errors.js'
import type { PolicyInfo, PolicyUnits } from './ports.js'
import type { EndEffectorKind, HeightmapSpec } from './types.js'

/** Of every number that crosses the `Policy` port. */
export const runtimeUnits: PolicyUnits = { length: 'm', angle: 'rad', color: 'srgb8' }

/** What a policy is to work with. A property that is absent is not compared. */
export interface Machine {
  readonly units: PolicyUnits
  readonly workspace?: HeightmapSpec
  /** null: only the controller knows, which has not been asked yet. */
  readonly endEffector?: EndEffectorKind | null
  /** Names of the RGB-D cameras. */
  readonly cameras?: readonly string[]
  /** Hash of the one package that is allowed, lower-case hexadecimal. */
  readonly packageSha256?: string
}

/** One property of a policy beside the machine's. */
export interface FitRow {
  readonly property: 'units' | 'workspace' | 'end_effector' | 'cameras' | 'lexicon' | 'package'
  /** What the policy needs, for people. */
  readonly policy: string
  /** What the machine has, for people. */
  readonly machine: string
  readonly fits: boolean
  /** What follows from it; empty: nothing worth a word. */
  readonly note: string
}

/** Bounds and pixels that differ by less are the same, metres. */
const sameM = 1e-9

/** Compares a policy with a machine, property by property. */
export function fitOf(policy: PolicyInfo, machine: Machine): readonly FitRow[] {
  const { workspace, endEffector, cameras, packageSha256 } = machine
  return [
    unitsRow(policy, machine.units),
    ...(workspace === undefined ? [] : [workspaceRow(policy, workspace)]),
    ...(endEffector === undefined ? [] : [endEffectorRow(policy, endEffector)]),
    ...(cameras === undefined ? [] : [camerasRow(cameras)]),
    lexiconRow(policy),
    ...(packageSha256 === undefined ? [] : [packageRow(policy, packageSha256)]),
  ]
}

/** The table for people: a heading and a line a row. */
export function fitLines(rows: readonly FitRow[]): string[] {
  const cells = [
    ['', 'property', 'policy', 'machine', 'note'],
    ...rows.map(({ property, policy, machine, fits, note }) => [
      fits ? 'ok' : 'NO',
      wordsOf(property),
      policy,
      machine,
      note,
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** What was compared, in one line, when all of it fits. @param name of the policy */
export function fitSummary(name: string, rows: readonly FitRow[]): string {
  return `policy ${name} fits this machine: ${rows.map(({ property }) => wordsOf(property)).join(', ')}`
}

function wordsOf(property: FitRow['property']): string {
  return property.replace('_', ' ')
}

/** The code of each property's misfit. */
const codes: Readonly<Record<FitRow['property'], ErrorCode>> = {
  units: 'POLICY_SHAPE',
  workspace: 'POLICY_SHAPE',
  end_effector: 'POLICY_END_EFFECTOR',
  cameras: 'CAMERA_ABSENT',
  lexicon: 'POLICY_INVALID',
  package: 'POLICY_CHECKSUM',
}

/**
 * Expects that everything fits.
 * @param name of the policy
 * @throws CliportError with the code of the first row that does not fit (POLICY_SHAPE, POLICY_END_EFFECTOR, CAMERA_ABSENT,
 * POLICY_INVALID, POLICY_CHECKSUM); its message names every one
 */
export function expectFit(name: string, rows: readonly FitRow[]): void {
  const misfits = rows.filter(({ fits }) => !fits)
  const [first] = misfits
  if (first === undefined) return
  const what = misfits.map(
    ({ property, policy, machine, note }) =>
      `${wordsOf(property)}: it needs ${policy}, the machine has ${machine}${note === '' ? '' : ` (${note})`}`,
  )
  throw new CliportError(codes[first.property], `The policy ${name} does not fit this machine: ${what.join('; ')}`, {
    stage: 'start',
    hint: 'Use a policy that was made for this machine, or change the settings that differ; cliport policy info shows the whole table',
  })
}

function unitsRow({ units = runtimeUnits }: PolicyInfo, machine: PolicyUnits): FitRow {
  const text = ({ length, angle, color }: PolicyUnits) => `${length}, ${angle}, ${color}`
  return {
    property: 'units',
    policy: text(units),
    machine: text(machine),
    fits: text(units) === text(machine),
    note: '',
  }
}

/**
 * The grid must be the same. The height range may be wider on the machine: heights are counted from the policy's zero
 * before the policy sees them. A range that begins above the policy's zero shows it no table.
 */
function workspaceRow({ workspace: own }: PolicyInfo, machine: HeightmapSpec): FitRow {
  const grid = ['xMinM', 'xMaxM', 'yMinM', 'yMaxM', 'pixelM'] as const
  const sameGrid = grid.every((key) => Math.abs(own[key] - machine[key]) < sameM)
  const overlaps = machine.zMinM <= own.zMinM + sameM && machine.zMaxM > own.zMinM
  const sameZ = Math.abs(own.zMinM - machine.zMinM) < sameM && Math.abs(own.zMaxM - machine.zMaxM) < sameM
  return {
    property: 'workspace',
    policy: describeWorkspace(own),
    machine: describeWorkspace(machine),
    fits: sameGrid && overlaps,
    note: !sameGrid ? 'another grid' : !overlaps ? 'the table is outside' : sameZ ? '' : 'heights count from its zero',
  }
}

function endEffectorRow({ endEffectors }: PolicyInfo, machine: EndEffectorKind | null): FitRow {
  return {
    property: 'end_effector',
    policy: endEffectors?.join(', ') ?? 'any',
    machine: machine ?? 'not known yet',
    fits: endEffectors === undefined || machine === null || endEffectors.includes(machine),
    note: machine === null ? 'the controller says it at start' : '',
  }
}

function camerasRow(cameras: readonly string[]): FitRow {
  return {
    property: 'cameras',
    policy: 'RGB-D, any number and pose',
    machine: cameras.length === 0 ? 'none' : cameras.join(', '),
    fits: cameras.length > 0,
    note: cameras.length === 0 ? '' : 'their view is checked on the first frames',
  }
}

function lexiconRow({ lexicon }: PolicyInfo): FitRow {
  const machine = 'sentences in English'
  if (lexicon === undefined) {
    return { property: 'lexicon', policy: 'none', machine, fits: true, note: 'sentences go to it as they are said' }
  }
  const [nouns, colors] = [Object.keys(lexicon.nouns).length, Object.keys(lexicon.colors).length]
  const relations = Object.keys(lexicon.relations).length
  return {
    property: 'lexicon',
    policy: `${nouns} kinds, ${colors} colours, ${relations} relations`,
    machine,
    fits: nouns > 0,
    note: nouns > 0 ? '' : 'no sentence can name a thing',
  }
}

function packageRow({ packageSha256 }: PolicyInfo, allowed: string): FitRow {
  return {
    property: 'package',
    policy: packageSha256 ?? 'unknown',
    machine: allowed,
    fits: packageSha256 === allowed,
    note: '',
  }
}

/** Bounds and pixel of a heightmap, for people. */
export function describeWorkspace({ xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM, pixelM }: HeightmapSpec): string {
  return `x ${xMinM}..${xMaxM}, y ${yMinM}..${yMaxM}, z ${zMinM}..${zMaxM} m at ${pixelM} m a pixel`
}

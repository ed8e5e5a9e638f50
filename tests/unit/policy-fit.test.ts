import { expect, test } from 'vitest'
import type { CliportError } from '../../src/control/errors.js'
import { expectFit, fitLines, fitOf, fitSummary, type Machine, runtimeUnits } from '../../src/control/policy-fit.js'
import type { PolicyInfo } from '../../src/control/ports.js'

const workspace = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }
const policy: PolicyInfo = {
  name: 'mine',
  architecture: 'edge',
  workspace,
  rotations: 36,
  thresholds: { pick: 0.1, place: 0.1, remaining: 0.5, found: 0.5 },
  endEffectors: ['suction_cup'],
  lexicon: { nouns: { block: ['block'] }, colors: {}, relations: { in: ['in'] }, tasks: [] },
  packageSha256: 'a'.repeat(64),
}
const machine: Machine = { units: runtimeUnits, workspace, endEffector: 'suction_cup', cameras: ['left', 'right'] }

function misfits(changes: Partial<Machine>, info: Partial<PolicyInfo> = {}): string[] {
  return fitOf({ ...policy, ...info }, { ...machine, ...changes }).flatMap(({ property, fits }) =>
    fits ? [] : [property],
  )
}

function refusal(changes: Partial<Machine>, info: Partial<PolicyInfo> = {}): CliportError {
  try {
    expectFit('mine', fitOf({ ...policy, ...info }, { ...machine, ...changes }))
  } catch (error) {
    return error as CliportError
  }
  return expect.unreachable()
}

test('a policy that was made for the machine fits in every property', () => {
  const rows = fitOf(policy, { ...machine, packageSha256: 'a'.repeat(64) })
  expect(rows.map(({ property }) => property)).toEqual([
    'units',
    'workspace',
    'end_effector',
    'cameras',
    'lexicon',
    'package',
  ])
  expect(rows.every(({ fits }) => fits)).toBe(true)
  expectFit('mine', rows)
})

test.each([
  ['units', { units: { ...runtimeUnits, length: 'mm' } }, {}, 'POLICY_SHAPE'],
  ['workspace', { workspace: { ...workspace, xMaxM: 0.8 } }, {}, 'POLICY_SHAPE'],
  ['workspace', { workspace: { ...workspace, pixelM: 0.00625 } }, {}, 'POLICY_SHAPE'],
  ['end_effector', { endEffector: 'two_finger' }, {}, 'POLICY_END_EFFECTOR'],
  ['cameras', { cameras: [] }, {}, 'CAMERA_ABSENT'],
  ['lexicon', {}, { lexicon: { nouns: {}, colors: {}, relations: {}, tasks: [] } }, 'POLICY_INVALID'],
  ['package', { packageSha256: 'b'.repeat(64) }, {}, 'POLICY_CHECKSUM'],
] as const)('another %s alone does not fit: %j', (property, changes, info, code) => {
  expect(misfits(changes, info)).toEqual([property])
  expect(refusal(changes, info)).toMatchObject({ code, stage: 'start' })
})

test('a map that begins below the zero of the policy fits, one that begins above it does not', () => {
  expect(misfits({ workspace: { ...workspace, zMinM: -0.02 } })).toEqual([])
  expect(misfits({ workspace: { ...workspace, zMinM: 0.02 } })).toEqual(['workspace'])
})

test('a policy that names no end effector, lexicon or units is taken as it is', () => {
  const { endEffectors: _, lexicon: __, ...plain } = policy
  expect(fitOf(plain, machine).every(({ fits }) => fits)).toBe(true)
})

test('an end effector that only the controller knows is no reason to refuse, and the table says so', () => {
  const row = fitOf(policy, { ...machine, endEffector: null }).find(({ property }) => property === 'end_effector')
  expect(row).toMatchObject({ fits: true, machine: 'not known yet', note: expect.stringMatching(/controller/) })
})

test('what fits is said in one line', () => {
  const { cameras: _, ...withoutCameras } = machine
  expect(fitSummary('mine', fitOf(policy, withoutCameras))).toBe(
    'policy mine fits this machine: units, workspace, end effector, lexicon',
  )
})

test('a refusal names everything that does not fit, with both sides', () => {
  const { message } = refusal({ endEffector: 'two_finger', workspace: { ...workspace, yMinM: -0.4 } })
  expect(message).toMatch(/workspace: it needs .*y -0\.5\.\.0\.5.*has .*y -0\.4\.\.0\.5/)
  expect(message).toMatch(/end effector: it needs suction_cup, the machine has two_finger/)
})

test('the table has a line a property and marks what does not fit', () => {
  const lines = fitLines(fitOf(policy, { ...machine, endEffector: 'two_finger' }))
  expect(lines).toHaveLength(6)
  expect(lines.filter((line) => line.startsWith('NO'))).toEqual([
    expect.stringMatching(/^NO {2}end effector +suction_cup +two_finger$/),
  ])
})

// What people are told of the settings: problems, origins, meanings, and what a file of an earlier release becomes.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settingsPage } from '../../scripts/document-settings.mjs'
import { changeSettings, expectSameProtected, migrateSettings } from '../../src/runtime/config/edit.js'
import { mergeConfig, readSettings } from '../../src/runtime/config/load.js'
import { explainSettings, settingsReference } from '../../src/runtime/config/reference.js'

const file = (text: string) => ({ text, name: 'cell.yaml' })

test('docs/settings.md is what the schema says', () => {
  expect(readFileSync('docs/settings.md', 'utf8')).toBe(settingsPage(settingsReference()))
})

test('no setting is without a meaning', () => {
  expect(settingsReference().filter(({ description }) => description === '')).toEqual([])
})

test('each setting says where its value comes from', () => {
  const text = 'version: 1\nrun:\n  max_steps: 3\n  out: here\npolicy: {threads: 2}\n'
  const { config, originOf } = readSettings(file(text), { CLIPORT_RUN_OUT: 'there' }, { 'policy.threads': 4 })
  expect(config).toMatchObject({ run: { max_steps: 3, out: 'there' }, policy: { threads: 4 } })
  expect(originOf('run.max_steps')).toBe('cell.yaml:3:14')
  expect(originOf('run.out')).toBe('environment CLIPORT_RUN_OUT')
  expect(originOf('policy.threads')).toBe('flag')
  expect(originOf('run.picture_hz')).toBe('default')
})

test('a setting is explained with its bounds, default and variable; one that is misspelt names the nearest', () => {
  expect(explainSettings('run.max_steps')).toMatchObject([
    {
      type: 'integer',
      allowed: '1..200',
      default: 12,
      variable: 'CLIPORT_RUN_MAX_STEPS',
      description: expect.stringContaining('pick attempts'),
    },
  ])
  expect(explainSettings('service').map(({ path }) => path)).toContain('service.port')
  expect(() => explainSettings('run.max_step')).toThrow('did you mean run.max_steps?')
})

test('a file of an earlier release is brought up to date, with its comments, and is valid then', () => {
  const { text, changes } = migrateSettings(
    '# my cell\nlog: {level: debug}\nrun:\n  max_steps: 3 # enough\n',
    'cell.yaml',
  )
  expect(changes).toHaveLength(2)
  expect(text).toContain('# enough')
  expect(mergeConfig(file(text), {}, {}).run.max_steps).toBe(3)
  expect(migrateSettings(text, 'cell.yaml')).toEqual({ text, changes: [] })
})

test('a change from the page keeps comments, and never touches limits, paths, addresses or executables', () => {
  const text = 'version: 1 # mine\nrun: {max_steps: 3}\n'
  const changed = changeSettings(text, 'cell.yaml', { 'run.max_steps': 5, 'service.picture_hz': 2 })
  expect(changed).toContain('# mine')
  expect(mergeConfig(file(changed), {}, {})).toMatchObject({ run: { max_steps: 5 }, service: { picture_hz: 2 } })
  for (const { path } of settingsReference().filter(({ editable }) => !editable)) {
    expect(() => changeSettings(text, 'cell.yaml', { [path]: 1 })).toThrowError(
      expect.objectContaining({ code: 'SERVICE_REFUSED' }),
    )
  }
  const protectedSections = ['limits', 'policy', 'robot', 'workspace']
  expect(
    settingsReference().filter(({ section, editable }) => editable && protectedSections.includes(section)),
  ).toEqual([])
})

test('what the page may not change stays as it is in a file that is wrong: no limit goes by being misspelt', () => {
  const misspelt = 'version: 1\nlimits:\n  sped_mps: 0.1\nrun:\n  max_stepz: 3\n'
  const tryText =
    (text: string, old = misspelt) =>
    () =>
      expectSameProtected(old, text)
  expect(tryText(misspelt.replace('stepz', 'steps'))).not.toThrow()
  expect(tryText('version: 1\nrun:\n  max_steps: 3\n')).toThrow(/limits is changed in the file only/)
  expect(tryText('version: 1\n', 'version: 1\nlimits: speed_mps 0.1\n')).toThrow(/limits is changed in the file only/)
  expect(tryText('version: 1\nservice:\n  host: 0.0.0.0\n', 'version: 1\n')).toThrow(/service\.host/)
})

import { readFile } from 'node:fs/promises'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { CliportError } from '../../src/control/errors.js'
import { nearest } from '../../src/control/nearest.js'
import { loadConfig, mergeConfig } from '../../src/runtime/config/load.js'

const problemsOf = (text: string, environment = {}, flags = {}): string => {
  try {
    mergeConfig({ text, name: 'cell.yaml' }, environment, flags)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    return (error as Error).message
  }
  throw new Error('expected problems')
}

test('config/default.yaml lists exactly the defaults', async () => {
  const defaults = mergeConfig(null, {}, {})
  expect(parse(await readFile('config/default.yaml', 'utf8'))).toEqual(defaults)
  expect(await loadConfig({ file: 'config/default.yaml' })).toEqual(defaults)
})

test('the settings of a real cell are valid', async () => {
  expect(await loadConfig({ file: 'config/real-cell.yaml' })).toMatchObject({
    workspace: { z_min_m: -0.02, x_min_m: 0.25 },
  })
})

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const text = 'version: 1\npolicy: {threads: 2}\nrun: {max_steps: 3}\nlog: {level: info}\n'
  const config = mergeConfig(
    { text, name: 'a.yaml' },
    { CLIPORT_POLICY_THREADS: '3', CLIPORT_RUN_MAX_STEPS: '4' },
    { 'policy.threads': 4, 'run.out': undefined },
  )
  expect(config.policy.threads).toBe(4)
  expect(config.run).toMatchObject({ max_steps: 4, out: 'runs' })
  expect(config.log.level).toBe('info')
})

test('an unknown key is an error with its place and the nearest right name', () => {
  expect(problemsOf('version: 1\npolicy:\n  threds: 2\n')).toContain(
    'cell.yaml:3:3: unknown setting policy.threds, did you mean threads?',
  )
  expect(problemsOf('version: 1\npolcy: {}\n')).toContain('cell.yaml:2:1: unknown setting polcy, did you mean policy?')
})

test('all problems are told at once', () => {
  const message = problemsOf(
    'version: 1\npolicy:\n  threads: 0\nlimits:\n  speed_mps: fast\nworkspace:\n  x_min_m: 0.9\n',
    { CLIPORT_RUN_MAX_STEPS: 'many', CLIPORT_RUN_OUTT: 'x' },
    { 'robot.link': 'localhost' },
  )
  expect(message).toContain('The settings have 6 problem(s)')
  expect(message).toContain('cell.yaml:3:12: policy.threads')
  expect(message).toContain('cell.yaml:5:14: limits.speed_mps')
  expect(message).toContain('environment CLIPORT_RUN_MAX_STEPS: run.max_steps')
  expect(message).toContain('unknown variable CLIPORT_RUN_OUTT, did you mean CLIPORT_RUN_OUT?')
  expect(message).toContain('flag: robot.link')
})

test('bounds in the wrong order are named', () => {
  expect(problemsOf('version: 1\nworkspace: {x_min_m: 0.8}\n')).toContain('Expected more than x_min_m (0.8)')
})

test.each([
  ['no version', 'policy: {}\n', 'version'],
  ['another version', 'version: 2\n', 'received 2'],
  ['no mapping', '- a\n', 'expected a mapping'],
  ['an empty file', '', 'expected a mapping'],
  ['broken YAML', 'version: 1\npolicy: {threads: 1\n', 'cell.yaml:3:1'],
  ['a key twice', 'version: 1\nversion: 1\n', 'cell.yaml:2:1'],
])('a file with %s is an error', (_, text, expected) => {
  expect(problemsOf(text)).toContain(expected)
})

test('a missing file is named', async () => {
  await expect(loadConfig({ file: 'nowhere.yaml' })).rejects.toThrow(/nowhere\.yaml/)
})

test('variables of other programs are left alone', () => {
  expect(() => mergeConfig(null, { PATH: '/bin', CLIPORTX: '1', CLIPORT_CONFIG: 'a.yaml' }, {})).not.toThrow()
})

propertyTest.prop([fc.string({ unit: 'binary', maxLength: 200 })])(
  'any text is settings or a CONFIG_INVALID',
  (text) => {
    try {
      mergeConfig({ text, name: 'fuzz.yaml' }, {}, {})
    } catch (error) {
      expect(error).toBeInstanceOf(CliportError)
    }
  },
)

test('a name that is like no other gets no suggestion', () => {
  expect(nearest('zzzzzz', ['threads', 'package'])).toBeNull()
})

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
  const text = 'version: 1\npolicy: {threads: 2}\nrun: {max_steps: 3, picture_hz: 2}\n'
  const config = mergeConfig(
    { text, name: 'a.yaml' },
    { CLIPORT_POLICY_THREADS: '3', CLIPORT_RUN_MAX_STEPS: '4' },
    { 'policy.threads': 4, 'run.out': undefined },
  )
  expect(config.policy).toMatchObject({ threads: 4 })
  expect(config.run).toMatchObject({ max_steps: 4, picture_hz: 2, out: 'runs' })
})

const packageDefaults = {
  kind: 'package',
  package: 'models/edge',
  provider: ['cpu'],
  require: 'any',
  engine: 'auto',
  library: null,
  precision: 'fp32',
  workspace_mb: 1024,
  provider_options: {},
  engines: null,
  threads: 2,
}
const serverDefaults = { kind: 'server', keys: null, timeout_s: 10, package_sha256: null }

test.each([
  ['nothing', '', packageDefaults],
  ['a package', 'policy: {package: mine}\n', { ...packageDefaults, package: 'mine' }],
  ['a package by its kind', 'policy: {kind: package, threads: 3}\n', { ...packageDefaults, threads: 3 }],
  ['a server', 'policy: {server: "tcp://10.0.0.3:5700"}\n', { ...serverDefaults, server: 'tcp://10.0.0.3:5700' }],
  [
    'a server by its kind',
    'policy: {kind: server, server: "tcp://10.0.0.3:5700"}\n',
    { ...serverDefaults, server: 'tcp://10.0.0.3:5700' },
  ],
])('a policy section with %s is a package or a server', (_, section, expected) => {
  expect(mergeConfig({ text: `version: 1\n${section}`, name: 'a.yaml' }, {}, {}).policy).toEqual(expected)
})

test.each([
  ['a server without an address', '{kind: server}', 'policy.server'],
  [
    'a server whose address is none',
    '{server: somewhere}',
    'an address like tcp://10.0.0.3:7001, received "somewhere"',
  ],
  ['another kind', '{kind: cloud}', 'policy.kind'],
  [
    'both',
    '{package: mine, server: "tcp://a:1"}',
    'policy.package does not go with the other settings of policy, which',
  ],
  ['a server with threads', '{server: "tcp://a:1", threads: 2}', 'policy.threads does not go with the other settings'],
  ['a misspelt server', '{servr: "tcp://a:1"}', 'unknown setting policy.servr'],
  ['no mapping', 'models/edge', 'policy: '],
  ['an unknown provider', '{provider: [cuda, gpu]}', 'policy.provider.1: Invalid option'],
  ['a provider twice', '{provider: [cpu, cpu]}', 'policy.provider: each provider once'],
  ['a GPU that is required and not named', '{require: gpu}', 'policy.provider: Expected tensorrt or cuda'],
  [
    'TensorRT on an engine that drops its options',
    '{engine: onnxruntime-node, provider: tensorrt}',
    'which onnxruntime-node does not know: set policy.engine to native',
  ],
  [
    'options on an engine that drops them',
    '{engine: onnxruntime-node, provider_options: {cuda: {use_tf32: 0}}}',
    'policy.provider_options: Expected no options',
  ],
  [
    'a CUDA graph, which would repeat the first decision for ever',
    '{provider: tensorrt, provider_options: {tensorrt: {trt_cuda_graph_enable: 1}}}',
    'policy.provider_options: Expected no trt_cuda_graph_enable',
  ],
])('a policy section with %s is a problem', (_, section, expected) => {
  expect(problemsOf(`version: 1\npolicy: ${section}\n`)).toContain(expected)
})

test('providers are one name or several, and options are strings whatever YAML makes of them', () => {
  const text =
    'version: 1\npolicy: {provider: cuda, provider_options: {cuda: {use_tf32: 1, cudnn_conv_algo_search: HEURISTIC}}}\n'
  expect(mergeConfig({ text, name: 'a.yaml' }, {}, {}).policy).toMatchObject({
    provider: ['cuda'],
    provider_options: { cuda: { use_tf32: '1', cudnn_conv_algo_search: 'HEURISTIC' } },
  })
  const { policy } = mergeConfig(null, { CLIPORT_POLICY_PROVIDER: '[tensorrt, cuda, cpu]' }, {})
  expect(policy).toMatchObject({ provider: ['tensorrt', 'cuda', 'cpu'] })
})

test('a higher layer that names a package replaces the server of a lower one, and the reverse', () => {
  const server = { text: 'version: 1\npolicy: {server: "tcp://a:1"}\n', name: 'a.yaml' }
  expect(mergeConfig(server, {}, { 'policy.package': 'mine' }).policy).toEqual({ ...packageDefaults, package: 'mine' })
  const ours = { text: 'version: 1\npolicy: {package: mine, threads: 4}\n', name: 'a.yaml' }
  const remote = { ...serverDefaults, server: 'tcp://b:2' }
  expect(mergeConfig(ours, { CLIPORT_POLICY_SERVER: 'tcp://b:2' }, {}).policy).toEqual(remote)
  expect(mergeConfig(ours, {}, { 'policy.package': 'other' }).policy).toMatchObject({ package: 'other', threads: 4 })
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

test('a workspace narrower than half a pixel has no cell', () => {
  const text = (xMaxM: number) => `version: 1\nworkspace: {x_min_m: 0.25, x_max_m: ${xMaxM}, pixel_m: 0.05}\n`
  expect(problemsOf(text(0.27))).toContain('Expected room for a cell of pixel_m (0.05) above x_min_m (0.25)')
  expect(mergeConfig({ text: text(0.28), name: 'cell.yaml' }, {}, {}).workspace.x_max_m).toBe(0.28)
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

import { describe, expect, test } from 'vitest'
import {
  type GraphSpec,
  type GraphTensors,
  graphDifference,
  layoutProblems,
  tensorsOf,
} from '../../src/io/policy/graph-spec.js'
import { checkManifest } from '../../src/io/policy/manifest-problems.js'
import { shippedManifest } from '../fixtures/policy.js'

const problemsOf = (json: unknown): string[] => {
  const checked = checkManifest(json)
  return 'problems' in checked ? checked.problems : []
}

/** The manifest with `value` at a path, or without it where `value` is undefined. */
function changed(path: readonly string[], value: unknown): unknown {
  const manifest: unknown = structuredClone(shippedManifest())
  let at = manifest as Record<string, unknown>
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
  if (value === undefined) delete at[path.at(-1)!]
  else at[path.at(-1)!] = value
  return manifest
}

/** Where format 2 knows every key; below the others, names are the package's own. */
const ownNames = new Set(['files', 'nouns', 'colors', 'relations', 'network', 'training', 'scores'])
const optional = new Set(['network', 'maps', 'place_turn', 'decide'])

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ownNames.has(path.at(-1) ?? '')) return []
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsOf(inner, [...path, key])])
}

const paths = pathsOf(shippedManifest())

test('the shipped manifest is one', () => {
  expect(checkManifest(shippedManifest())).toEqual({ manifest: shippedManifest() })
})

test('the paths reach every part of the format', () => {
  const names = paths.map((path) => path.join('.'))
  expect(names).toContain('models.decide.outputs.found.shape')
  expect(names.length).toBeGreaterThan(100)
})

test('a key that is missing is named, wherever it stands', () => {
  for (const path of paths.filter((path) => !optional.has(path.at(-1)!))) {
    expect(problemsOf(changed(path, undefined))).toContain(`${path.join('.')}: missing`)
  }
})

test('a package that decides in no graph is named, with the graphs that it may have', () => {
  expect(problemsOf(changed(['models', 'decide'], undefined))).toEqual([
    expect.stringMatching(/^models.*decide.*attention.*transport/),
  ])
})

test('a value of another type is named with what was received, wherever it stands', () => {
  // Names are text of any kind.
  for (const path of paths.filter((path) => !['name', 'architecture', 'tensor'].includes(path.at(-1)!))) {
    const name = path.join('.')
    const received = path.at(-1) === 'file' ? 'folder/' : 'nonsense'
    const problems = problemsOf(changed(path, received))
    const problem = problems.find((line) => line.startsWith(`${name}: `))
    expect(problem, name).toContain(`received "${received}"`)
  }
})

test('the right name of a misspelt key is told, wherever it stands', () => {
  for (const path of paths) {
    const key = path.at(-1)!
    const misspelt = [...path.slice(0, -1), `${key}q`]
    const expected = `${misspelt.join('.')}: unknown key, did you mean ${key}?`
    expect(problemsOf(changed(misspelt, 1))).toEqual([expected])
  }
})

test.each([
  ['a key that is like no other', ['zzzzzzzz'], 1, 'zzzzzzzz: unknown key'],
  ['a checksum that is none', ['files', 'decide.onnx', 'sha256'], 'abc', 'files.decide.onnx.sha256'],
  ['a file in a folder above', ['tokenizer', 'file'], '../tokenizer.json', 'tokenizer.file: '],
  ['a colour that is none', ['lexicon', 'colors', 'red'], 'red', 'a colour like #ff5759, received "red"'],
  ['a noun without names', ['lexicon', 'nouns', 'block'], [], 'lexicon.nouns.block'],
  ['an end effector that nobody has', ['end_effectors'], ['tongs'], 'end_effectors.0'],
  ['no end effector', ['end_effectors'], [], 'end_effectors'],
  ['a graph without a checksum', ['models', 'maps', 'file'], 'heat.onnx', 'models.maps.file: expected one of files'],
  ['bounds in the wrong order', ['workspace', 'y_max_m'], -0.6, 'expected more than y_min_m (-0.5) but received -0.6'],
  ['other units', ['units', 'length'], 'mm', 'units.length'],
  ['a probability above 1', ['thresholds', 'found'], 1.2, 'thresholds.found'],
])('%s is a problem', (_, path, value, expected) => {
  expect(problemsOf(changed(path, value)).join('\n')).toContain(expected)
})

test('what is no object is one problem', () => {
  for (const json of [null, [], 3, 'text']) expect(problemsOf(json)).toHaveLength(1)
})

test('optional heads and the input of unseen cells may be there', () => {
  const manifest = shippedManifest()
  const one = (tensor: string) => ({ tensor, type: 'float32' as const, shape: [1] })
  const { inputs, outputs } = manifest.models.decide
  inputs.seen = { tensor: 'mask', type: 'uint8', shape: [1, 320, 160] }
  Object.assign(outputs, {
    grasp_yaw: one('yaw'),
    grasp_width: one('width'),
    tilt: { tensor: 'tilt', type: 'float32', shape: [2] },
  })
  expect(problemsOf(manifest)).toEqual([])
  expect(layoutProblems(manifest)).toEqual([])
  inputs.seen.type = 'float32'
  expect(layoutProblems(manifest)).toEqual([
    'decide.onnx: expected seen: uint8 [1, 320, 160] but received seen: float32 [1, 320, 160]',
  ])
})

test('every tensor of another shape is named', () => {
  const manifest = shippedManifest()
  manifest.models.decide.inputs.height.shape = [1, 320, 320]
  manifest.models.decide.outputs.found.shape = [2]
  manifest.models.text.inputs.tokens.type = 'float32'
  expect(layoutProblems(manifest)).toEqual([
    'decide.onnx: expected height: float32 [1, 320, 160] but received height: float32 [1, 320, 320]',
    'decide.onnx: expected found: float32 [1] but received found: float32 [2]',
    'text.onnx: expected tokens: int64 [1, 24] but received tokens: float32 [1, 24]',
  ])
})

describe('a graph beside its manifest', () => {
  const { text, decide, maps } = shippedManifest().models
  const tensors = ({ inputs, outputs }: GraphSpec): GraphTensors => ({
    inputs: tensorsOf(inputs).map(([, spec]) => spec),
    outputs: tensorsOf(outputs).map(([, spec]) => spec),
  })

  test('tensors may have other names than their roles', () => {
    const renamed = { ...decide, inputs: { ...decide.inputs, color: { ...decide.inputs.color, tensor: 'rgb' } } }
    expect(graphDifference(renamed, tensors(renamed))).toBeNull()
    expect(graphDifference(renamed, tensors(decide))).toMatch(
      /among its inputs rgb: uint8 .* but received color, height/,
    )
  })

  test('two that differ in one side of one tensor are told apart, with both', () => {
    const large = { ...decide.inputs, color: { ...decide.inputs.color, shape: [1, 320, 80, 3] } }
    expect(graphDifference(decide, tensors({ ...decide, inputs: large }))).toMatch(
      /color: uint8 \[1, 320, 160, 3\] but received color: uint8 \[1, 320, 80, 3\]/,
    )
  })

  test('a tensor that is missing is named, and an input that nobody would feed too', () => {
    expect(graphDifference(decide, tensors(maps!))).toMatch(/pick_pixel: int64 \[2\] but received pick_map, place_map/)
    const more = { ...tensors(text), inputs: [...tensors(text).inputs, decide.inputs.color] }
    expect(graphDifference(text, more)).toMatch(/no input color/)
  })
})

// What settings and frame folders say of a camera: one schema, and a page made from it.

import { readFileSync } from 'node:fs'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { documented } from '../../scripts/document-frames.mjs'
import { cameraFileSchema, cameraSynonyms } from '../../src/io/cameras/schema.js'
import { fileNameOf } from '../../src/io/file-name.js'
import { describeIssues } from '../../src/io/schema-issues.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { T_front } from '../fixtures/frame-folder.js'

const intrinsics = { fx: 450, fy: 450, cx: 320, cy: 240 }
const camera = { width: 640, height: 480, intrinsics, T_base_camera: T_front }
const T_color_depth = [
  [1, 0, 0, 0.015],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
]
const color = { width: 640, height: 480, intrinsics, T_color_depth }

function problemsOf(content: object): string[] {
  const { error } = cameraFileSchema.safeParse(content)
  return error === undefined ? [] : describeIssues(error, cameraFileSchema, cameraSynonyms)
}

test.each<[object, string]>([
  [{ depth_scale: 0.0001 }, 'unknown key depth_scale, did you mean depth_unit_m?'],
  [{ depth_units_m: 0.0001 }, 'unknown key depth_units_m, did you mean depth_unit_m?'],
  [{ T_camera_base: [] }, 'unknown key T_camera_base, did you mean T_base_camera (the inverse of it)?'],
  [{ pose: [] }, 'unknown key pose, did you mean T_base_camera?'],
  [{ intrinsics: { ...intrinsics, cz: 1 } }, 'unknown key intrinsics.cz, did you mean cx?'],
  [
    { color_camera: { ...color, T_depth_color: [] } },
    'unknown key color_camera.T_depth_color, did you mean T_color_depth (the inverse of it)?',
  ],
  [{ qwertyuiop: 1 }, expect.stringContaining('unknown key qwertyuiop (known: width, height, depth_unit_m') as string],
])('camera.json with %j is refused, and the right key is named', (more, problem) => {
  expect(problemsOf(camera)).toEqual([])
  expect(problemsOf({ ...camera, ...more })).toEqual([problem])
})

test('a depth unit that looks like steps a metre is refused', () => {
  expect(problemsOf({ ...camera, depth_unit_m: 1000 })).toEqual([expect.stringMatching(/^depth_unit_m: /)])
})

describe('settings and frame folders refuse the same poses', () => {
  const scaled = (factor: number, columns: readonly number[]) =>
    T_front.map((row, i) => row.map((value, k) => (i < 3 && columns.includes(k) ? factor * value : value)))
  test.each([
    ['mirrored', scaled(-1, [0])],
    ['scaled', scaled(2, [0, 1, 2])],
    ['millimetres', scaled(1000, [3])],
    ['transposed', T_front.map((_, i) => T_front.map((row) => row[i]))],
  ])('%s', (looks, T_base_camera) => {
    expect(problemsOf({ ...camera, T_base_camera })).toEqual([expect.stringContaining(looks)])
    const text = JSON.stringify({ version: 1, cameras: [{ name: 'front', serial: '1', T_base_camera }] })
    expect(() => mergeConfig({ text, name: 'cell.yaml' }, {}, {})).toThrow(
      expect.objectContaining({ code: 'POSE_INVALID', message: expect.stringContaining(looks) }) as Error,
    )
  })

  test('beside other problems a pose is one of the settings’ problems', () => {
    const text = JSON.stringify({ version: 1, cameras: [{ name: 'front', T_base_camera: scaled(2, [0, 1, 2]) }] })
    expect(() => mergeConfig({ text, name: 'cell.yaml' }, {}, {})).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/scaled by 2[\s\S]*serial and file/),
      }) as Error,
    )
  })
})

test('docs/recordings.md has the table that scripts/document-frames.mjs makes from the schema', () => {
  const page = readFileSync('docs/recordings.md', 'utf8')
  expect(page).toBe(documented(page, z.toJSONSchema(cameraFileSchema, { io: 'input' })))
  expect(page).toContain('| `depth_unit_m` |')
})

describe('names as files', () => {
  propertyTest.prop([fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })])(
    'two names are never one file, and a file is in the folder where it is meant to be',
    (a, b) => {
      expect(fileNameOf(a) === fileNameOf(b)).toBe(a === b)
      expect(fileNameOf(a)).not.toMatch(/[/\\.\s\0%?*:"<>|]/)
    },
  )

  test('letters of every language stay', () => {
    expect(['相机一', 'kamera_vorn', 'caméra-2', '../x'].map(fileNameOf)).toEqual([
      '相机一',
      'kamera_vorn',
      'caméra-2',
      '~2E~2E~2Fx',
    ])
  })

  test('long names stay apart, and fit into the 255 bytes that a file system takes', () => {
    const [one, two] = ['一'.repeat(200), '一'.repeat(201)].map(fileNameOf)
    expect(one).not.toBe(two)
    expect(Buffer.byteLength(one!)).toBeLessThanOrEqual(120)
  })
})

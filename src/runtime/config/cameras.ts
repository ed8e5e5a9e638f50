// The settings' list of cameras of a real cell.

import { z } from 'zod'

const row = z.tuple([z.number(), z.number(), z.number(), z.number()])

/** Depth camera (x right, y down, z forward) to base, metres; from hand-eye calibration. */
const rigidTransform = z.tuple([row, row, row, row]).superRefine((T, context) => {
  const problem = problemOfTransform(T)
  if (problem !== null) context.addIssue({ code: 'custom', message: problem, input: T })
})

/** A RealSense camera of a real cell. */
export const camera = z
  .strictObject({
    name: z.string().regex(/^[\w-]+$/, 'letters, digits, - and _ only'),
    serial: z.string('a serial number in quotes: what `cliport camera list` prints').min(1).optional(),
    file: z.string().min(1).optional().describe('a recording (.bag, .db3) instead of a camera'),
    T_base_camera: rigidTransform,
    width: z.int().positive().default(640),
    height: z.int().positive().default(480),
    fps: z.int().positive().default(30),
    color_width: z.int().positive().optional().describe('of the colour picture; default: as of depth'),
    color_height: z.int().positive().optional(),
    timeout_s: z.number().min(0.1).max(60).default(2).describe('how long a look may wait for this camera'),
    filters: z
      .array(z.strictObject({ name: z.string(), options: z.record(z.string(), z.number()).default({}) }))
      .default([]),
    options: z.record(z.string(), z.record(z.string(), z.number())).default({}),
    preset: z.string().min(1).optional().describe("path of a preset of the vendor's viewer (JSON)"),
  })
  .superRefine(({ serial, file }, context) => {
    if ((serial === undefined) !== (file === undefined)) return
    context.addIssue({ code: 'custom', message: 'Expected one of serial and file', input: { serial, file } })
  })

export const cameras = z.array(camera).superRefine((all, context) => {
  for (const key of ['name', 'serial'] as const) {
    for (const [index, { [key]: value }] of all.entries()) {
      if (value === undefined || all.findIndex((other) => other[key] === value) === index) continue
      context.addIssue({
        code: 'custom',
        path: [index, key],
        message: `Expected a ${key} that no other camera has`,
        input: value,
      })
    }
  }
})

/** How far a calibration's rotation may be from orthonormal: numbers are often written with four digits. */
const rotationTolerance = 2e-3

function problemOfTransform(T: readonly (readonly number[])[]): string | null {
  if (T[3]!.some((value, i) => value !== [0, 0, 0, 1][i])) return 'Expected 0, 0, 0, 1 as the last row'
  const axis = (i: number) => T.slice(0, 3).map((values) => values[i]!)
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  for (const i of [0, 1, 2]) {
    for (const k of [0, 1, 2]) {
      if (Math.abs(dot(axis(i), axis(k)) - (i === k ? 1 : 0)) > rotationTolerance) {
        return 'Expected a rotation in the first three columns: unit vectors at right angles'
      }
    }
  }
  const [x, y, z] = [axis(0), axis(1), axis(2)] as [number[], number[], number[]]
  const cross = [x[1]! * y[2]! - x[2]! * y[1]!, x[2]! * y[0]! - x[0]! * y[2]!, x[0]! * y[1]! - x[1]! * y[0]!]
  return dot(cross, z) > 0 ? null : 'Expected a right-handed rotation but received a mirror image'
}

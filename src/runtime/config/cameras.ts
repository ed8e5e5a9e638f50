// The settings' list of cameras of a real cell. What a frame folder says of a camera too is in src/io/cameras/schema.ts.

import { z } from 'zod'
import { cameraFields } from '../../io/cameras/schema.js'

/** A RealSense camera of a real cell. */
export const camera = z
  .strictObject({
    name: z.string().regex(/^[\w-]+$/, 'letters, digits, - and _ only'),
    serial: z.string('a serial number in quotes: what `cliport camera list` prints').min(1).optional(),
    file: z.string().min(1).optional().describe('a recording (.bag, .db3) instead of a camera'),
    T_base_camera: cameraFields.T_base_camera,
    width: cameraFields.width.default(640),
    height: cameraFields.height.default(480),
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

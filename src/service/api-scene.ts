// The request for another scene of the simulated cell, with what goes wrong in it: part of what api.ts describes.

import { z } from 'zod'
import type { CellFaults } from '../sim/api.js'
import { sentenceSchema } from './api.js'

const faultsSchema = z
  .object({
    grasp_failure: z.number().min(0).max(1).optional().describe('probability that a grasp fails'),
    kill_controller_at_s: z
      .number()
      .positive()
      .max(3600)
      .optional()
      .describe("simulated seconds after which the cell's controller ends abruptly"),
    camera: z
      .object({
        fault: z.enum(['stall', 'nan', 'zero']),
        from_capture: z.int().min(0).default(0).describe('number of the first look that it happens to; 0: the first'),
        only: z.enum(['front', 'left', 'right']).optional().describe('one camera; absent: all of them'),
      })
      .strict()
      .optional()
      .describe('what the cameras deliver instead of frames'),
  })
  .strict()

export const sceneSchema = z
  .object({
    seed: z.int().min(0).max(1_000_000),
    sentence: sentenceSchema.describe('what the scene must make sense of'),
    task: z.string().optional(),
    faults: faultsSchema.optional().describe('for tests, until the next scene; as `cliport serve --fault`'),
  })
  .strict()
  .meta({ id: 'Scene' })

/** The faults of a request as the simulated cell has them; undefined: none were asked for. */
export function cellFaultsOf(faults: z.infer<typeof faultsSchema> | undefined): CellFaults | undefined {
  if (faults === undefined) return undefined
  const { grasp_failure: graspFailure, kill_controller_at_s: killControllerAtS, camera } = faults
  return {
    ...(graspFailure === undefined ? {} : { graspFailure }),
    ...(killControllerAtS === undefined ? {} : { killControllerAtS }),
    ...(camera === undefined
      ? {}
      : {
          camera: {
            fault: camera.fault,
            fromCapture: camera.from_capture,
            ...(camera.only === undefined ? {} : { only: camera.only }),
          },
        }),
  }
}

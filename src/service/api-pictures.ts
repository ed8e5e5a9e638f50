// The pictures of `/api/events`; the rest is in api.ts.

import { z } from 'zod'

/**
 * The header of a binary message of `/api/events`: 4 bytes, little-endian, its length; then this as JSON; then the picture.
 */
export const pictureHeaderSchema = z
  .object({
    kind: z
      .enum(['camera', 'cell', 'color', 'height', 'elevation', 'pick', 'place'])
      .describe(
        'cell: the whole simulated cell; the rest but camera seen from above: pick and place are layers, elevation has 1 mm above z_min in a grey level',
      ),
    name: z.string().describe('camera name; of maps the kind'),
    type: z.literal('image/webp'),
    width: z.int(),
    height: z.int(),
    clock_ms: z.number().describe('when it was taken'),
    goal_id: z.string().nullable(),
  })
  .meta({ id: 'PictureHeader' })

export type PictureHeader = z.infer<typeof pictureHeaderSchema>

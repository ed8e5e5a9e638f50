// What the published layout takes for granted.

import type { HeightmapSpec } from '../control/types.js'
import type { PublishedSize } from '../io/recording/published.js'
import { publishedCameras } from '../sim/cameras.js'

/** Of the pictures: three cameras of 480 x 640 pixels. */
export const publishedSize: PublishedSize = {
  cameras: publishedCameras.length,
  rows: publishedCameras[0]!.intrinsics.height,
  cols: publishedCameras[0]!.intrinsics.width,
}

/** Metres; a data set of the layout is projected onto this grid. */
export const publishedWorkspace: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: 0,
  zMaxM: 0.28,
  pixelM: 0.003125,
}

// What the published layout takes for granted, beside the workspace.

import type { PublishedSize } from '../io/recording/published.js'
import { publishedCameras } from '../sim/cameras.js'

/** Of the pictures: three cameras of 480 x 640 pixels. */
export const publishedSize: PublishedSize = {
  cameras: publishedCameras.length,
  rows: publishedCameras[0]!.intrinsics.height,
  cols: publishedCameras[0]!.intrinsics.width,
}

// Saves a coloured point cloud of what the camera sees now, or of a recording:
//
//   node save-point-cloud.mjs [recording.bag]

import { writeFile } from 'node:fs/promises'
import { openCamera, plyOf, pointCloud } from '@cliport/realsense'

const file = process.argv[2]
// In a recording, streams may be out of step: then each depth frame goes with the newest colour.
const source = file === undefined ? {} : { file, pairing: 'latest' }
const camera = await openCamera({ ...source, align: 'depth' })

const frame = await camera.next({ timeoutMs: 10_000 })
if (frame === undefined) throw new Error('The recording has no frame with depth and colour.')
const cloud = pointCloud(frame)
await writeFile('cloud.ply', plyOf(cloud))
console.log(`cloud.ply: ${cloud.positionsM.length / 3} points from ${camera.info.name}`)

await camera.close()

// Shows rate, drops and latency of every camera until Ctrl-C.

import { listCameras, openCamera } from '@cliport/realsense'

const controller = new AbortController()
process.once('SIGINT', () => controller.abort())

async function watch({ serial, name }) {
  const camera = await openCamera({ serial, signal: controller.signal })
  camera.onState((state) => console.log(`${serial} ${name}: ${state}`))
  let frames = 0
  try {
    for await (const frame of camera.frames({ signal: controller.signal })) {
      if (++frames % 30 !== 0) continue
      const ageMs = Number(process.hrtime.bigint() - frame.stampNs) / 1e6
      console.log(`${serial}: ${frames} frames, ${camera.stats.dropped} dropped, ${ageMs.toFixed(1)} ms old`)
    }
  } catch (error) {
    if (error.code !== 'ABORTED') throw error
  } finally {
    await camera.close()
  }
}

const cameras = await listCameras()
if (cameras.length === 0) console.log('no camera is connected')
await Promise.all(cameras.map(watch))

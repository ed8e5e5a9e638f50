// What is recorded of a goal beside the looks of its cycle: the arm's states, and frames in mid-motion.

import type { Recorder } from '../control/ports.js'
import { robotOf } from './wire.js'
import type { Workcell } from './workcell.js'

/** @returns a function that ends it */
export function sampleDuring(recorder: Recorder, workcell: Workcell): () => void {
  const { record_robot_hz: robotHz, record_camera_hz: cameraHz } = workcell.config.service
  const ends = [
    every(robotHz, async () => {
      const state = workcell.link?.state ?? null
      if (state !== null) recorder.event('/robot', robotOf(state, process.hrtime.bigint()))
    }),
    every(cameraHz, async (signal) => recorder.frames(await workcell.ports.camera.capture(signal))),
  ]
  return () => {
    for (const end of ends) end()
  }
}

/** One after the other, at most so often; what fails is left out: the cycle itself says what is wrong with a camera. */
function every(hz: number, work: (signal: AbortSignal) => Promise<void>): () => void {
  if (hz === 0) return () => {}
  const abort = new AbortController()
  let isBusy = false
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    work(abort.signal)
      .catch(() => {})
      .finally(() => {
        isBusy = false
      })
  }, 1000 / hz)
  timer.unref()
  return () => {
    clearInterval(timer)
    abort.abort()
  }
}

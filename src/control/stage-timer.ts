// The one place through which every stage of the cycle runs: duration to the meter and to the recording.

import type { Clock, Recorder, StageMeter } from './ports.js'

export interface StageTimer {
  /** Runs one stage, after what else is due on this thread. A stage that throws is measured too. */
  run<T>(stage: string, work: () => T | Promise<T>): Promise<T>
  /** A duration that was measured elsewhere, e.g. inside the policy. */
  note(stage: string, durationMs: number): void
}

export function createStageTimer(clock: Clock, meter: StageMeter, recorder: Recorder): StageTimer {
  const note = (stage: string, durationMs: number) => {
    meter.observe(stage, durationMs)
    recorder.event('/stage', { stage, duration_ms: durationMs })
  }
  return {
    note,
    async run(stage, work) {
      await clock.turn?.()
      const startNs = clock.nowNs()
      try {
        return await work()
      } finally {
        note(stage, Number(clock.nowNs() - startNs) / 1e6)
      }
    },
  }
}

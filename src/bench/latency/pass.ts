// One pass along the whole path, from the instant at which a look was due to the first 1 kHz command, as instants and as
// durations.

/** Instants of one pass: nanoseconds of CLOCK_MONOTONIC, which runtime, cell and controller of one machine share. */
export interface PassStamps {
  /** When the look was due. Latency counts from here, however late the pass before it ended (no coordinated omission). */
  readonly dueNs: bigint
  /** When the pass began. */
  readonly startedNs: bigint
  /** The instant that the frames show. */
  readonly exposedNs: bigint
  /** When the frames were complete at their source: the frame stamp of a camera. */
  readonly readyNs: bigint
  /** When the frames were in the runtime's hands. */
  readonly arrivedNs: bigint
  /** When the checked plan was given to the link. */
  readonly dispatchedNs: bigint
  /** The controller's cycle that put out the first reference of the plan. */
  readonly commandNs: bigint
}

/** One pass: its instants, and the stages of the cycle between `arrivedNs` and `dispatchedNs`, milliseconds. */
export interface Pass extends PassStamps {
  readonly cycleMs: Readonly<Record<string, number>>
}

/** Durations of one pass, milliseconds. */
export interface PassDurations {
  /** From the instant at which the look was due to the first command. */
  readonly endToEndMs: number
  /** The same without the exposure: what a frame waits for after it is there. */
  readonly frameToCommandMs: number
  /** Age of what the frames show when the plan leaves for the controller. */
  readonly observationAgeMs: number
  /** In the order of the path; a name with a dot is a part of the stage before it. */
  readonly stagesMs: Readonly<Record<string, number>>
}

/** Stages of the cycle that the instants tell better (`capture`), or that begin after the first command (`execute`). */
const toldByStamps: ReadonlySet<string> = new Set(['capture', 'execute'])

const msBetween = (fromNs: bigint, toNs: bigint) => Number(toNs - fromNs) / 1e6

/**
 * The durations of a pass:
 * - `wait`: the pass began late
 * - `expose`: rendering, in place of exposure and readout; 0 with recorded frames
 * - `transfer`: from the frames' source into the runtime's hands
 * - the stages of the cycle, and `other`: what passes between them
 * - `link`: encoding, sockets, the controller's own check, the wait for its next cycle
 */
export function durationsOf(pass: Pass): PassDurations {
  const { dueNs, startedNs, exposedNs, readyNs, arrivedNs, dispatchedNs, commandNs, cycleMs } = pass
  const cycle = Object.entries(cycleMs).filter(([stage]) => !toldByStamps.has(stage))
  const inStagesMs = cycle.filter(([stage]) => !stage.includes('.')).reduce((sum, [, ms]) => sum + ms, 0)
  // Frames that come by themselves were there before a late pass began.
  const exposeMs = Math.max(0, msBetween(startedNs, readyNs))
  const endToEndMs = msBetween(dueNs, commandNs)
  return {
    endToEndMs,
    frameToCommandMs: endToEndMs - exposeMs,
    observationAgeMs: msBetween(exposedNs, dispatchedNs),
    stagesMs: {
      wait: msBetween(dueNs, startedNs),
      expose: exposeMs,
      transfer: msBetween(startedNs, arrivedNs) - exposeMs,
      ...Object.fromEntries(cycle),
      other: Math.max(0, msBetween(arrivedNs, dispatchedNs) - inStagesMs),
      link: msBetween(dispatchedNs, commandNs),
    },
  }
}

/** Changes of the world that are tried between two looks. */
const changesBetweenLooks = 10

/**
 * Reaction times, milliseconds: something changes at instants spread evenly between the looks of two passes that follow
 * each other, the later look is the first to show it, and its command is the first to answer it. So a reaction takes up
 * to a period longer than the path.
 */
export function reactionsMs(passes: readonly PassStamps[]): number[] {
  return passes.slice(1).flatMap(({ exposedNs, commandNs }, i) => {
    const beforeNs = passes[i]!.exposedNs
    const gapMs = msBetween(beforeNs, exposedNs)
    return Array.from(
      { length: changesBetweenLooks },
      (_, k) => msBetween(beforeNs, commandNs) - ((k + 0.5) / changesBetweenLooks) * gapMs,
    )
  })
}

/** By how much the time between two first commands that follow each other misses the period, milliseconds. */
export function jitterMs(passes: readonly PassStamps[], periodMs: number): number[] {
  return passes.slice(1).map(({ commandNs }, i) => Math.abs(msBetween(passes[i]!.commandNs, commandNs) - periodMs))
}

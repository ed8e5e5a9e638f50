// What came of a soak, as JSON.

const round = (value, digits = 2) => (typeof value === 'number' ? Number(value.toFixed(digits)) : value)

function rounded(value) {
  if (Array.isArray(value)) return value.map(rounded)
  if (value === null || typeof value !== 'object') return round(value)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)]))
}

/** Of each kind of fault how many were made and survived, and the longest time until the next goal was done. */
function faultsBy(made) {
  const kinds = {}
  for (const { name, survived, back_after_s: backS = 0 } of made) {
    kinds[name] ??= { made: 0, survived: 0, longest_until_a_goal_was_done_s: 0 }
    const kind = kinds[name]
    kind.made++
    kind.survived += Number(survived)
    kind.longest_until_a_goal_was_done_s = Math.max(kind.longest_until_a_goal_was_done_s, backS)
  }
  return kinds
}

export function resultOf({ about, hours, isDiskLimited, soak, failures }) {
  const { ledger, recordings, vitals, person, readers, lives, faultsMade } = soak
  const { samples } = vitals
  const loads = samples.map(({ load }) => load)
  const delays = samples.map(({ loop_delay_ms }) => loop_delay_ms).sort((a, b) => a - b)
  return rounded({
    ...about,
    hours_asked_for: hours,
    hours: vitals.minutes / 60,
    stood_still_s: soak.standstill.seconds,
    disk_faults: isDiskLimited,
    load: { mean: loads.reduce((sum, one) => sum + one, 0) / loads.length, greatest: Math.max(...loads) },
    goals: {
      acknowledged: ledger.acknowledged,
      by_state: ledger.counts,
      starts: ledger.starts,
      runs_with_a_folder: recordings.runs,
    },
    acts: person.acts,
    refusals: person.refusals,
    ends: {
      SIGKILL: lives.filter(({ end }) => end === 'SIGKILL').length,
      SIGTERM: lives.filter(({ end }) => end === 'SIGTERM').length,
      longest_sigterm_ms: Math.max(
        0,
        ...lives.filter(({ end }) => end === 'SIGTERM').map(({ end_took_ms }) => end_took_ms ?? 0),
      ),
    },
    faults: faultsBy(faultsMade),
    recordings: { ...recordings.counts, messages: recordings.messages },
    readers: readers.map(({ seen }) => seen),
    last_hour: {
      rss_mib: vitals.trend(({ serve }) => serve.rss_mib),
      heap_mib: vitals.trend(({ serve }) => serve.heap_mib),
      external_mib: vitals.trend(({ serve }) => serve.external_mib),
      descriptors: vitals.trend(({ serve }) => serve.fds),
      threads: vitals.trend(({ serve }) => serve.threads),
    },
    event_loop_delay_ms: { median: delays[delays.length >> 1], greatest: delays.at(-1) },
    failures,
    lives,
    faults_made: faultsMade,
    samples,
  })
}

// How figures read.

/** '0.4 ms', '12 ms', '3.4 s', '2 min 5 s' */
export function duration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`
}

/** '97 %' */
export const percent = (share: number) => `${Math.round(share * 100)} %`

/** '0.538' with a true minus. */
export const metres = (value: number) => value.toFixed(3).replace('-', '−')

export const degrees = (rad: number) => `${Math.round((rad * 180) / Math.PI)}°`.replace('-', '−')

/** '14:05', with the day when it was another one. */
export function timeOfDay(atMs: number): string {
  const at = new Date(atMs)
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false })
  const isToday = at.toDateString() === new Date().toDateString()
  return isToday ? time : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${time}`
}

export const outcomeWords: Readonly<Record<string, string>> = {
  achieved: 'Achieved',
  failed: 'Failed',
  not_understood: 'Not understood',
  unsupported: 'Not possible',
  ambiguous: 'Ambiguous',
  not_found: 'Nothing like it',
  unsure: 'Unsure',
  refused: 'Refused',
  stopped: 'Stopped',
  error: 'Error',
}

/** Colour family of an outcome. */
export function toneOf(outcome: string | null): 'good' | 'fair' | 'bad' | 'still' {
  if (outcome === 'achieved') return 'good'
  if (outcome === 'failed' || outcome === 'error' || outcome === 'refused') return 'bad'
  return outcome === null || outcome === 'stopped' ? 'still' : 'fair'
}

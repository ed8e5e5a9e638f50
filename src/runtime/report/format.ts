// How figures read on the page.

/** '0.42 ms', '12 ms', '3.4 s' */
export function duration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 10) return `${Math.round(ms)} ms`
  return `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`
}

/** '97 %' */
export function percent(probability: number): string {
  return `${Math.round(probability * 100)} %`
}

/** '0.42, −0.10' */
export function metres(...values: readonly number[]): string {
  return values.map((value) => value.toFixed(3).replace('-', '−')).join(', ')
}

/** Coordinates in an SVG need no more. */
export function px(value: number): string {
  return Number.isFinite(value) ? `${Math.round(value * 100) / 100}` : '0'
}

const maxSlug = 48

/**
 * `<UTC stamp>-<goal slug>`: sorts by time, reads as the goal, and is a plain name whatever the goal is.
 * E.g. 20260131T120501Z-put-the-red-blocks-in-a-green-bowl
 */
export function runFolderName(goal: string, startedAt: Date): string {
  const stamp = startedAt.toISOString().replace(/[-:]|\.\d+/g, '')
  const slug = goal
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlug)
    .replace(/^-+|-+$/g, '')
  return `${stamp}-${slug || 'goal'}`
}

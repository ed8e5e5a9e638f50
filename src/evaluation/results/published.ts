// The values to compare with: CLIPort (Shridhar et al., CoRL 2021), table 1, the best of any of its columns at 100
// demonstrations a task, in per cent, from its own simulator (PyBullet, UR5).

export const publishedTasks = ['put-block-in-bowl', 'stack-block-pyramid-seq', 'packing-boxes-pairs'] as const

const percent: Readonly<Record<string, number>> = {
  'put-block-in-bowl-seen-colors': 99.5,
  'put-block-in-bowl-unseen-colors': 66.5,
  'stack-block-pyramid-seq-seen-colors': 96.8,
  'stack-block-pyramid-seq-unseen-colors': 59.3,
  'packing-boxes-pairs-seen-colors': 94.7,
  'packing-boxes-pairs-unseen-colors': 86.2,
}

/** Published mean score of a task, per cent; null where there is none. */
export function publishedPercent(task: string): number | null {
  return percent[task] ?? null
}

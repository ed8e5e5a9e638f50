// Memory and goals of a soak over time, as SVG: one line a quantity, faults and restarts as marks below.

const [width, height, left, right, top, bottom] = [900, 420, 60, 60, 30, 90]
const colors = { memory: '#1f77b4', goals: '#2ca02c', fault: '#d62728', restart: '#7f7f7f' }

/** A round step, so that about five of them reach `most`. */
function stepFor(most) {
  const rough = Math.max(most, 1e-9) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough)
}

function ticks(most) {
  const step = stepFor(most)
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step)
}

const text = (x, y, words, more = '') => `<text x="${x}" y="${y}" ${more}>${words}</text>`

/** @param result of `resultOf` @returns the file's text */
export function pictureOf({ samples, lives, failures, hours, faults_made: faults = [] }) {
  const minutes = Math.max(60 * hours, ...samples.map(({ minute }) => minute), 1)
  const mostMib = ticks(Math.max(100, ...samples.map(({ serve }) => serve.rss_mib))).at(-1)
  const mostGoals = ticks(Math.max(10, ...samples.map(({ done }) => done))).at(-1)
  const [plotWidth, plotHeight] = [width - left - right, height - top - bottom]
  const x = (minute) => (left + (plotWidth * minute) / minutes).toFixed(1)
  const y = (share) => (top + plotHeight * (1 - share)).toFixed(1)
  const line = (points, color) =>
    `<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${points.map(([a, b]) => `${a},${b}`).join(' ')}"/>`
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    '<title>Resident memory of the service and goals that ended, over time</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<rect x="${left}" y="${top}" width="${plotWidth}" height="${plotHeight}" fill="none" stroke="#999"/>`,
    text(left, 18, 'resident memory of cliport serve, MiB', `fill="${colors.memory}"`),
    text(width - right, 18, 'goals that ended', `fill="${colors.goals}" text-anchor="end"`),
  ]
  for (const mib of ticks(mostMib)) {
    parts.push(text(left - 6, Number(y(mib / mostMib)) + 4, mib, `text-anchor="end" fill="${colors.memory}"`))
    parts.push(
      `<line x1="${left}" x2="${width - right}" y1="${y(mib / mostMib)}" y2="${y(mib / mostMib)}" stroke="#eee"/>`,
    )
  }
  for (const goals of ticks(mostGoals))
    parts.push(text(width - right + 6, Number(y(goals / mostGoals)) + 4, goals, `fill="${colors.goals}"`))
  for (const minute of ticks(minutes).filter((one) => one <= minutes))
    parts.push(text(x(minute), height - bottom + 16, minute, 'text-anchor="middle"'))
  parts.push(text(left + plotWidth / 2, height - bottom + 32, 'minutes', 'text-anchor="middle"'))
  for (const { index } of lives) {
    const own = samples.filter(({ life }) => life === index)
    parts.push(
      line(
        own.map(({ minute, serve }) => [x(minute), y(serve.rss_mib / mostMib)]),
        colors.memory,
      ),
    )
  }
  parts.push(
    line(
      samples.map(({ minute, done }) => [x(minute), y(done / mostGoals)]),
      colors.goals,
    ),
  )
  const mark = (minute, row, color) =>
    `<line x1="${x(minute)}" x2="${x(minute)}" y1="${height - 44 + 14 * row}" y2="${height - 34 + 14 * row}" stroke="${color}" stroke-width="2"/>`
  for (const { begun_minute: minute } of lives) parts.push(mark(minute, 0, colors.restart))
  for (const { minute } of faults) parts.push(mark(minute, 1, colors.fault))
  for (const { minute } of failures) parts.push(mark(minute, 2, '#000'))
  parts.push(
    text(4, height - 35, 'starts', `fill="${colors.restart}"`),
    text(4, height - 21, 'faults', `fill="${colors.fault}"`),
    text(4, height - 7, 'failures', 'fill="#000"'),
  )
  return `${parts.join('\n')}\n</svg>\n`
}

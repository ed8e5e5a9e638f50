// Tables for a page.

/** @param rows cells; a pipe in one would end it */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

export function percent(share: number, digits = 1): string {
  return (100 * share).toFixed(digits)
}

export function interval([low, high]: readonly [number, number]): string {
  return `${percent(low)} to ${percent(high)}`
}

/** Scene i of an evaluation has seed `first + 2i`. */
export function seedsText(first: number, scenes: number): string {
  return scenes === 1 ? `${first}` : `${first} to ${first + 2 * (scenes - 1)}`
}

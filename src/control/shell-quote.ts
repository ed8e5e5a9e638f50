// Words of a command that a person can paste into a shell: a path with blanks, quotes or dollar signs stays one word.

/** `word` as a POSIX shell reads it back unchanged; as it is where nothing in it means anything to a shell. */
export function shellQuote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A whole command line. */
export function shellCommand(...words: readonly string[]): string {
  return words.map(shellQuote).join(' ')
}

/** Arrays one after the other. */
export function joined<A extends Uint8Array | Float32Array>(parts: readonly A[], Kind: new (length: number) => A): A {
  const all = new Kind(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

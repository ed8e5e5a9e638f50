/** The same angle in (-pi, pi]. */
export function wrapRad(angleRad: number): number {
  const wrapped = angleRad - 2 * Math.PI * Math.floor((angleRad + Math.PI) / (2 * Math.PI))
  return wrapped <= -Math.PI ? Math.PI : wrapped
}

// Whether 16 numbers are the pose of a camera. Most that are not come from a calibration in other units, in another
// layout or in the other direction: the answer says which of these it looks like.

/** 4x4 homogeneous transform as rows, metres. */
export type Rows4 = readonly (readonly number[])[]

/** How far the rotation may be from orthonormal: calibrations are often written with four digits. */
const rotationTolerance = 2e-3

/** No camera that sees a table stands farther from the robot's base. */
const maxCameraDistanceM = 10

/** The two sensors of one RGB-D camera share a housing. */
const maxBaselineM = 0.5

/** What is wrong with `T_base_camera`, or null: finite, last row 0 0 0 1, orthonormal, right-handed, in metres. */
export function problemOfCameraPose(T: Rows4): string | null {
  return problemOfRigid(T) ?? problemOfTranslation(T, maxCameraDistanceM)
}

/** What is wrong with `T_color_depth`, or null. */
export function problemOfBaseline(T: Rows4): string | null {
  return problemOfRigid(T) ?? problemOfTranslation(T, maxBaselineM)
}

/** Rows of 16 numbers, row-major. */
export function rowsOf(T: ArrayLike<number>): number[][] {
  return [0, 4, 8, 12].map((at) => [T[at]!, T[at + 1]!, T[at + 2]!, T[at + 3]!])
}

/** Of a rigid transform: the transposed rotation, and the translation turned back. @param T row-major, 16 numbers */
export function inverseRigid(T: ArrayLike<number>): Float64Array {
  const turnedBack = (axis: number) => -(T[axis]! * T[3]! + T[4 + axis]! * T[7]! + T[8 + axis]! * T[11]!)
  return Float64Array.of(
    ...[T[0]!, T[4]!, T[8]!, turnedBack(0)],
    ...[T[1]!, T[5]!, T[9]!, turnedBack(1)],
    ...[T[2]!, T[6]!, T[10]!, turnedBack(2)],
    ...[0, 0, 0, 1],
  )
}

function problemOfRigid(T: Rows4): string | null {
  if (T.length !== 4 || T.some((row) => row.length !== 4)) return 'Expected 4 rows of 4 numbers'
  const badRow = T.findIndex((row) => !row.every(Number.isFinite))
  if (badRow >= 0) return `Expected finite numbers but received ${T[badRow]!.join(', ')} in row ${badRow + 1}`
  return problemOfLastRow(T) ?? problemOfAxes(T)
}

function problemOfLastRow(T: Rows4): string | null {
  const last = T[3]!
  if (last.every((value, i) => Math.abs(value - (i === 3 ? 1 : 0)) < 1e-9)) return null
  const isTransposed = last[3] === 1 && T.slice(0, 3).every((row) => row[3] === 0)
  return `Expected 0, 0, 0, 1 as the last row but received ${last.join(', ')}${isTransposed ? ': it looks transposed (column-major), the translation belongs into the last column' : ''}`
}

function problemOfAxes(T: Rows4): string | null {
  const axes = [0, 1, 2].map((i) => T.slice(0, 3).map((row) => row[i]!)) as [number[], number[], number[]]
  const lengths = axes.map((axis) => Math.hypot(...axis))
  if (lengths.some((length) => Math.abs(length * length - 1) > rotationTolerance)) {
    const text = lengths.map((length) => length.toPrecision(4)).join(', ')
    const isScaled = Math.max(...lengths) - Math.min(...lengths) < 0.01 * Math.max(...lengths) && lengths[0]! > 0
    const looks = isScaled ? `: it looks scaled by ${Number(lengths[0]!.toPrecision(4))}` : ''
    return `Expected unit vectors in the first three columns but received lengths ${text}${looks}`
  }
  const [x, y, z] = axes
  for (const [a, b, names] of [
    [x, y, 'x and y'],
    [x, z, 'x and z'],
    [y, z, 'y and z'],
  ] as const) {
    if (Math.abs(dot(a, b)) <= rotationTolerance) continue
    return `Expected unit vectors at right angles in the first three columns, but the dot product of ${names} is ${dot(a, b).toPrecision(3)}`
  }
  const cross = [x[1]! * y[2]! - x[2]! * y[1]!, x[2]! * y[0]! - x[0]! * y[2]!, x[0]! * y[1]! - x[1]! * y[0]!]
  if (dot(cross, z) > 0) return null
  return 'Expected a right-handed rotation (determinant 1) but received determinant -1: it looks mirrored, one axis has the wrong sign'
}

function problemOfTranslation(T: Rows4, mostM: number): string | null {
  const distance = Math.hypot(T[0]![3]!, T[1]![3]!, T[2]![3]!)
  if (distance <= mostM) return null
  const unit = distance / 1000 <= mostM && distance >= 10 * mostM ? 'millimetres' : 'centimetres or millimetres'
  return `Expected a translation of at most ${mostM} m but received ${Number(distance.toPrecision(4))}: it looks like ${unit}`
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}

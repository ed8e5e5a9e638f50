import { expect, test } from 'vitest'
import { lookAt } from '../../src/control/geometry.js'
import { LinesOfSight, nearestLookPose } from '../../src/control/look.js'
import type { Kinematics, Limb } from '../../src/control/ports.js'
import type { Heightmap, RgbdFrame, Vec3 } from '../../src/control/types.js'
import { planWithdrawal } from '../../src/control/withdraw.js'
import { createKinematics } from '../../src/io/kinematics.js'
import { defaultTool } from '../../src/runtime/settings.js'
import { publishedCameras } from '../../src/sim/cameras.js'
import { emptyMap, settings } from '../fixtures/table.js'

const arm = createKinematics({ tool: defaultTool, jointMarginRad: 0.1 })
const park = { p_base_m: [0.2, 0, 0.62] as Vec3, yawRad: 0 }

/** Depth of an empty table, as a camera at this pose sees it. */
function frameOf(name: string, T_base_camera: Float64Array): RgbdFrame {
  const intrinsics = { width: 160, height: 120, fx: 112, fy: 112, cx: 80, cy: 60 }
  const { width, height, fx, fy, cx, cy } = intrinsics
  const depthM = new Float32Array(width * height)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [(column - cx) / fx, (row - cy) / fy]
      const down = T_base_camera[8]! * x + T_base_camera[9]! * y + T_base_camera[10]!
      if (down < 0) depthM[row * width + column] = T_base_camera[11]! / -down
    }
  }
  return { camera: name, intrinsics, T_base_camera, color: new Uint8Array(3 * width * height), depthM, stampNs: 0n }
}

const frames = publishedCameras.map(({ name, T_base_camera }) => frameOf(name, T_base_camera))
const seen = (cameras: readonly RgbdFrame[], heightmap: Heightmap = gray()) => ({ frames: cameras, heightmap })

/** An empty table that was seen: not black. */
function gray(): Heightmap {
  const map = emptyMap()
  map.color.fill(128)
  return map
}

const ball = (at: Vec3, radiusM: number): Limb => ({ a: at, b: at, radiusM })

test('a point is hidden when no camera that saw it sees it any more', () => {
  const above = frameOf('above', lookAt([0.5, 0, 1.2], [0.5, 0.01, 0]))
  const beside = frameOf('beside', lookAt([1.3, 0, 0.8], [0.5, 0, 0]))
  const limb = [ball([0.5, 0, 0.7], 0.05)]
  expect(new LinesOfSight(seen([above])).hiddenBy(limb)).toBeGreaterThan(10)
  expect(new LinesOfSight(seen([above, beside])).hiddenBy(limb)).toBe(0)
  expect(new LinesOfSight(seen([above])).hiddenBy([])).toBe(0)
})

test('what no camera saw cannot be hidden', () => {
  const away = frameOf('away', lookAt([0.5, 0, 1.2], [0.5, 3, 1]))
  expect(new LinesOfSight(seen([away])).count).toBe(0)
  expect(new LinesOfSight(seen(frames)).count).toBeGreaterThan(1000)
})

test('an arm in the volume of the heightmap would be seen as part of it', () => {
  const sights = new LinesOfSight(seen(frames))
  expect(sights.areFreeOf([ball([0.5, 0, 0.3], 0.02)])).toBe(false)
  expect(sights.areFreeOf([ball([0.5, 0, 0.4], 0.02)])).toBe(true)
  expect(sights.areFreeOf([ball([0.1, 0, 0.3], 0.02)])).toBe(true)
})

test.each([
  [0.5, 0.3],
  [0.5, -0.3],
  [0.6, 0],
  [0.35, 0.1],
])(
  'over x %f, y %f the arm withdraws to a pose from which every point is still seen, nearer than the park pose',
  (x, y) => {
    const sights = new LinesOfSight(seen(frames))
    const from = { p_base_m: [x, y, 0.1] as Vec3, yawRad: 0 }
    const pose = nearestLookPose(sights, gray(), from, park, arm, 0.025)
    const limbs = arm.limbs(arm.inverse(pose.p_base_m, pose.yawRad)!, 0.025)
    expect(sights.hiddenBy(limbs)).toBe(0)
    expect(limbs.every(({ a, b }) => Math.min(a[2], b[2]) > gray().spec.zMaxM)).toBe(true)
    const wayM = (end: Vec3) => Math.hypot(end[0] - x, end[1] - y, end[2] - 0.1)
    expect(wayM(pose.p_base_m)).toBeLessThan(wayM(park.p_base_m) - 0.1)
  },
)

test('where every nearer pose hides something the arm goes to the park pose', () => {
  const bulky: Kinematics = { ...arm, limbs: () => [ball([0.5, 0, 0.1], 0.1)] }
  const from = { p_base_m: [0.5, 0.3, 0.1] as Vec3, yawRad: 0 }
  expect(nearestLookPose(new LinesOfSight(seen(frames)), gray(), from, park, bulky, 0.025)).toBe(park)
})

test('on the way to the park pose the cameras look as soon as nothing is hidden for the rest of it', () => {
  const sights = new LinesOfSight(seen(frames))
  const start = { p_base_m: [0.5, 0.3, 0.03] as Vec3, yawRad: 0 }
  const { plan, end, clearAfter } = planWithdrawal(
    sights,
    gray(),
    start,
    { wanted: park, park, plan: settings.plan },
    arm,
  )
  expect(end).toBe(park)
  expect(clearAfter).toBe(plan.segments.length - 2)
  const clear = plan.segments[clearAfter] as { p_base_m: Vec3; yawRad: number; blendRadiusM?: number }
  expect(clear.blendRadiusM).toBeGreaterThan(0)
  expect(sights.areFreeOf(arm.limbs(arm.inverse(clear.p_base_m, clear.yawRad)!, 0.025))).toBe(true)
  expect(clear.p_base_m[2]).toBeLessThan(0.6)
  const resting = planWithdrawal(
    sights,
    gray(),
    start,
    { wanted: park, park, plan: { ...settings.plan, blendRadiusM: 0 } },
    arm,
  )
  expect(resting.clearAfter).toBe(resting.plan.segments.length - 1)
})

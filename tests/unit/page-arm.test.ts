import { readFileSync } from 'node:fs'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect } from 'vitest'
import { multiply } from '../../src/control/geometry.js'
import { createKinematics } from '../../src/io/kinematics.js'
import { projectPath } from '../../src/native/paths.js'

const urdf = readFileSync(projectPath('src/page/files/franka.urdf'), 'utf8')
const arm = createKinematics({
  tool: { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 },
  jointMarginRad: 0.1,
})

const numbers = (text: string | undefined) => (text ?? '0 0 0').split(' ').map(Number) as [number, number, number]

/** Joints from base to tool: where each one sits in the link before it, and whether it turns. */
const joints = [...urdf.matchAll(/<joint name="[^"]+" type="(\w+)">(.*?)<\/joint>/gs)].map(([, type, body]) => ({
  turns: type === 'continuous',
  xyz: numbers(/xyz="([^"]+)"/.exec(body!)?.[1]),
  rpy: numbers(/rpy="([^"]+)"/.exec(body!)?.[1]),
}))

/** About x and z, the only axes of this arm; 4x4 row-major. */
const aboutX = (rad: number) => [
  1,
  0,
  0,
  0,
  0,
  Math.cos(rad),
  -Math.sin(rad),
  0,
  0,
  Math.sin(rad),
  Math.cos(rad),
  0,
  0,
  0,
  0,
  1,
]
const aboutZ = (rad: number) => [
  Math.cos(rad),
  -Math.sin(rad),
  0,
  0,
  Math.sin(rad),
  Math.cos(rad),
  0,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  1,
]
const along = ([x, y, z]: readonly [number, number, number]) => [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1]

propertyTest.prop([fc.tuple(...Array.from({ length: 7 }, () => fc.double({ min: -2.8, max: 2.8, noNaN: true })))])(
  "the page's arm has its tool where the kinematics have it",
  (qRad) => {
    expect(joints.filter(({ turns }) => turns)).toHaveLength(7)
    let next = 0
    const T_base_tool = joints.reduce(
      (T, { turns, xyz, rpy: [roll, , yaw] }) =>
        [along(xyz), aboutZ(yaw), aboutX(roll), aboutZ(turns ? qRad[next++]! : 0)].reduce(
          (product, one) => [...multiply(Float64Array.from(product), Float64Array.from(one))],
          T,
        ),
      [...along([0, 0, 0])],
    )
    const expected = arm.forward(qRad)
    T_base_tool.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 9)
    })
  },
)

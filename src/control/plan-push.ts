// The published pushing primitive (Zeng et al. 2020, "Transporter Networks", code release `primitives.py`): down behind
// what is to be pushed, a straight stroke along the table, up.

import { highestBoxAlongM } from './keep-out.js'
import type { ActionPlans, PlanSettings, ToolPose } from './plan.js'
import type { Kinematics } from './ports.js'
import { highestAlongM } from './surface.js'
import type { Heightmap, Proposal, Segment, Vec3 } from './types.js'

/** The stroke begins so far before the pick and ends so far before the place, as published, metres. */
const stroke = { beforePickM: 0.02, beforePlaceM: 0.05 }
/** Back from what was pushed before the tool rises: what leans on a blade would be lifted with it, and fall. */
const retreatM = 0.01
/** Height of the tool above the table during the stroke: under the middle of the smallest things that are pushed. */
const strokeHeightM = 0.002

/**
 * Plans of a push from the pick towards the place. The tool's x axis points along the stroke, or against it where the
 * arm does not reach that: a spatula is as wide either way round. There is no place plan: nothing is held.
 *
 * @param start where the tool is now
 */
export function planPush(
  heightmap: Heightmap,
  { pick, place }: Pick<Proposal, 'pick' | 'place'>,
  start: ToolPose,
  kinematics: Kinematics,
  settings: PlanSettings,
): ActionPlans {
  const [fromX, fromY] = pick.p_base_m
  const [dx, dy] = [place.p_base_m[0] - fromX, place.p_base_m[1] - fromY]
  const lengthM = Math.hypot(dx, dy)
  const along: readonly [number, number] = lengthM > 1e-6 ? [dx / lengthM, dy / lengthM] : [1, 0]
  const zM = Math.max(settings.lowestZM, settings.tableZM + strokeHeightM)
  const at = (wayM: number, z: number): Vec3 => [fromX + wayM * along[0], fromY + wayM * along[1], z]
  const [beginM, endM] = [-stroke.beforePickM, Math.max(0, lengthM - stroke.beforePlaceM)]

  const highestM = (from: Vec3, to: Vec3) =>
    Math.max(
      highestAlongM(heightmap, from, to, settings.loadRadiusM),
      highestBoxAlongM(settings.keepOut, from, to, settings.loadRadiusM),
    ) + settings.transitClearanceM
  const [begin, end, away] = [at(beginM, zM), at(endM, zM), at(endM - retreatM, zM)]
  const overM = Math.max(
    settings.lowestTransitM + settings.tableZM,
    highestM(start.p_base_m, begin),
    highestM(begin, end),
  )
  const headingRad = Math.atan2(along[1], along[0])
  const reaches = (yawRad: number) =>
    [at(beginM, overM), begin, end, at(endM - retreatM, overM)].every((p) => kinematics.inverse(p, yawRad) !== null)
  const yawRad = [headingRad, headingRad + Math.PI, headingRad - Math.PI].find(reaches) ?? headingRad

  const { travelSpeedMps, descendSpeedMps } = settings
  const motion = (kind: 'move' | 'descend' | 'push', p_base_m: Vec3, yaw = yawRad): Segment => {
    return { kind, p_base_m, yawRad: yaw, speedMps: kind === 'move' ? travelSpeedMps : descendSpeedMps }
  }
  const [x, y, startZM] = start.p_base_m
  return {
    payloadHeightM: 0,
    pick: {
      name: 'push',
      segments: [
        ...(startZM < overM - 1e-6 ? [motion('move', [x, y, overM], start.yawRad)] : []),
        motion('move', at(beginM, overM)),
        motion('descend', begin),
        motion('push', end),
        motion('push', away),
        motion('move', at(endM - retreatM, overM)),
      ],
    },
    place: null,
  }
}

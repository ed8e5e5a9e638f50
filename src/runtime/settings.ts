// The configuration's sections as the settings of the cycle, the heightmap and the simulated cell. Pure: units and frames
// are those of the configuration (metres, radians, seconds, base frame).

import type { CycleSettings } from '../control/cycle.js'
import type { Box } from '../control/keep-out.js'
import { parkPose } from '../control/park.js'
import type { HeightmapSpec } from '../control/types.js'
import { heightmapSpecOf } from '../io/workspace-keys.js'
import type { ToolGeometry } from '../native/kinematics.js'
import type { CellRobot } from '../sim/api.js'
import type { Config } from './config/schema.js'

/** The Franka hand's mounting and a cup as long as the hand: the controller's default tool. */
export const defaultTool: ToolGeometry = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }

/** The heightmap's bounds and grid as the settings have them. */
export function workspaceOf({ workspace }: Config): HeightmapSpec {
  return heightmapSpecOf(workspace)
}

/**
 * For real frames: half of a real table's noisy points lie below zero, so that unless the settings say where the map
 * begins, it does so lower.
 */
export function realWorkspaceOf(config: Config): HeightmapSpec {
  const workspace = workspaceOf(config)
  return { ...workspace, zMinM: workspace.zMinM === 0 ? -0.02 : workspace.zMinM }
}

/** @param config affordance maps are left out: who shows them asks for them (`maps`) */
export function cycleSettingsOf(config: Config): CycleSettings {
  const { limits, planning, run } = config
  return {
    workspace: workspaceOf(config),
    plan: {
      tableZM: planning.table_z_m,
      transitClearanceM: planning.transit_clearance_m,
      approachClearanceM: planning.approach_clearance_m,
      blendRadiusM: planning.blend_radius_m,
      clearanceM: limits.clearance_m,
      searchDepthM: planning.search_depth_m,
      toolRadiusM: planning.tool_radius_m,
      loadRadiusM: planning.load_radius_m,
      lowestZM: limits.z_min_m,
      dragClearanceM: limits.clearance_m + 0.001,
      lowestTransitM: 0.08,
      keepOut: limits.keep_out.map(boxOf),
      travelSpeedMps: planning.travel_speed_mps,
      descendSpeedMps: planning.descend_speed_mps,
    },
    limits: {
      motionBox: boxOf(limits),
      speedMps: limits.speed_mps,
      contactSpeedMps: limits.contact_speed_mps,
      clearanceM: limits.clearance_m,
      keepOut: limits.keep_out.map(boxOf),
      keepOutRadiusM: planning.load_radius_m,
    },
    park: parkPose,
    lookFrom: planning.look_from,
    budget: { steps: run.max_steps, failuresInARow: run.max_failures_in_a_row },
    suppressRadiusM: run.suppress_radius_m,
    maps: false,
    pointOfView: run.point_of_view,
  }
}

/** The robot of these settings, for the simulated cell's controller: what the planner keeps clear of, it refuses too. */
export function cellRobotOf({ robot, limits }: Config): CellRobot {
  return { arm: robot.arm, keepOut: limits.keep_out.map(boxOf) }
}

function boxOf(box: Config['limits']['keep_out'][number]): Box {
  return {
    xMinM: box.x_min_m,
    xMaxM: box.x_max_m,
    yMinM: box.y_min_m,
    yMaxM: box.y_max_m,
    zMinM: box.z_min_m,
    zMaxM: box.z_max_m,
  }
}

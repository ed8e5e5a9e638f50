// Where the arm waits while the cameras look.

import type { Vec3 } from './types.js'

/**
 * Tool pose in which the arm is clear of the published workspace and of every published camera's view of it: everything
 * that lies forward of x = 0.12 m is above the line from a side camera to the workspace's farthest corner. A test of the
 * simulated cell compares heightmaps with and without the arm.
 */
export const parkPose: { readonly p_base_m: Vec3; readonly yawRad: number } = { p_base_m: [0.2, 0, 0.62], yawRad: 0 }

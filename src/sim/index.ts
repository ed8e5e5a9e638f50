// The simulated cell, as the rest of the project starts it.

import type { Cell } from './api.js'
import { SimulatedCell } from './cell.js'
import { CellClient } from './cell-client.js'

export type * from './api.js'
export { suctionTool } from './arm.js'
export { colorNames } from './colors.js'
export { workspaceShare } from './reach.js'
export { taskNamed, taskNames } from './tasks/index.js'

/**
 * A cell; `reset` it before anything else.
 * @param thread 'worker' for a thread of its own (live, paced); 'caller' to step it in this one (recording, evaluation
 * in worker threads that have nothing else to do)
 */
export function createCell(thread: 'worker' | 'caller'): Cell {
  return thread === 'worker' ? new CellClient() : new SimulatedCell()
}

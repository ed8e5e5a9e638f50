// Every task that the cell knows, by its published name.

import { CliportError } from '../../control/errors.js'
import type { ColorSplit } from '../colors.js'
import { captionedScenes } from './captioned-scenes.js'
import { packingBoxesPairs } from './packing-boxes-pairs.js'
import { putBlockInBowl } from './put-block-in-bowl.js'
import { stackBlockPyramidSeq } from './stack-block-pyramid-seq.js'
import type { Task } from './task.js'

const tasks: readonly Task[] = [putBlockInBowl, stackBlockPyramidSeq, packingBoxesPairs, captionedScenes]

/** Full names with colours, e.g. 'put-block-in-bowl-seen-colors'. */
export const taskNames: readonly string[] = tasks.flatMap((task) => task.splits.map((split) => fullName(task, split)))

/** @throws CliportError TASK_UNKNOWN with the names that exist */
export function taskNamed(name: string): { readonly task: Task; readonly split: ColorSplit } {
  for (const task of tasks) {
    const split = task.splits.find((candidate) => fullName(task, candidate) === name)
    if (split) return { task, split }
  }
  throw new CliportError('TASK_UNKNOWN', `Expected the name of a task but received '${name}'`, {
    stage: 'start',
    hint: `Use one of: ${taskNames.join(', ')}`,
  })
}

function fullName(task: Task, split: ColorSplit): string {
  return `${task.name}-${split}-colors`
}

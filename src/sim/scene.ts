// A scene: the task's objects on the table, and what is to be done with them.

import type { ToolGeometry } from '../native/kinematics.js'
import { isEvaluation, paletteOf } from './colors.js'
import { layTable } from './layout.js'
import type { PlacedObject } from './objects.js'
import { random } from './random.js'
import type { Task, TaskScene, TaskVariant } from './tasks/task.js'

export interface LaidScene {
  readonly scene: TaskScene
  readonly objects: readonly PlacedObject[]
}

/** The scene of a seed, always the same. @param goal a sentence that it must make sense of */
export function laidScene(
  { task, variant }: { readonly task: Task; readonly variant: TaskVariant },
  seed: number,
  tool: ToolGeometry,
  goal?: string,
): LaidScene {
  const taskRandom = random(seed, variant.name)
  const [scene, objects] = layTable(random(seed, 'layout'), tool, (table) =>
    task.build({
      ...table,
      random: taskRandom,
      palette: paletteOf(variant.split, seed),
      split: variant.split,
      asPublished: variant.asPublished === true,
      isEvaluation: isEvaluation(seed),
      ...(goal === undefined ? {} : { goal }),
    }),
  )
  return { scene, objects }
}

// Scenes that only have to be talked about: things of many kinds, sizes and colours, and nothing to do. Training makes
// sentences about them, from which the policy learns what words mean (models/README.md).

import { captionedKinds, randomShape } from '../tabletop-shapes.js'
import type { SceneRequest, Task, TaskScene } from './task.js'

const mostThings = 10

export const captionedScenes: Task = { name: 'captioned-scenes', splits: ['full'], build }

function build({ random, palette, place }: SceneRequest): TaskScene {
  const count = random.integer(3, mostThings)
  for (let i = 0; i < count; i++) {
    const kind = random.pick(captionedKinds)
    place(kind, random.pick(palette), randomShape(kind, random))
  }
  return { goals: [], sentence: 'look', maxSteps: 1 }
}

// Scenes that only have to be talked about: things of many kinds, sizes and colours, and nothing to do. Training makes
// sentences about them, from which the policy learns what words mean (models/README.md).

import { captionedKinds, randomShape } from '../tabletop-shapes.js'
import type { SceneRequest, Task, TaskScene } from './task.js'

const mostThings = 10

export const task: Task = {
  name: 'captioned-scenes',
  variants: [{ name: 'captioned-scenes-full-colors', split: 'full' }],
  nouns: {
    block: ['block', 'cube', 'brick'],
    bowl: ['bowl', 'dish'],
    box: ['box', 'container', 'crate', 'tray'],
    carton: ['box', 'carton', 'package', 'packet'],
    can: ['can', 'cylinder'],
    tin: ['tin', 'jar'],
    lid: ['lid', 'cover', 'disc'],
    plate: ['plate', 'saucer'],
    cup: ['cup', 'mug', 'beaker'],
    ball: ['ball', 'sphere'],
  },
  forms: [],
  colored: { pick: [], place: [] },
  build,
}

function build({ random, palette, place }: SceneRequest): TaskScene {
  const count = random.integer(3, mostThings)
  for (let i = 0; i < count; i++) {
    const kind = random.pick(captionedKinds)
    place(kind, random.pick(palette), randomShape(kind, random))
  }
  return { goals: [], sentence: 'look', maxSteps: 1 }
}

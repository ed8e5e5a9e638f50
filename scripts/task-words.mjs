// Writes models/cliport_edge/tasks.json: what the tasks of src/sim/tasks declare of their sentences. The vocabulary of training and the
// lexicon of a policy package (words.py and lexicon.py beside it) are made of it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { taskWords } from '../dist/sim/task-words.js'

writeFileSync(
  join(import.meta.dirname, '../models/cliport_edge/tasks.json'),
  `${JSON.stringify(taskWords(), null, 1)}\n`,
)

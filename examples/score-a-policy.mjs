// What the runtime concludes beside what the cell knows: node examples/score-a-policy.mjs [TASK] [SCENES]
// For tables use `cliport eval`, which also keeps raw results and says why episodes failed.

import { loadConfig, openSession, runGoal, taskNames } from 'cliport-edge'

const task = process.argv[2] ?? 'put-block-in-bowl-seen-colors'
const scenes = Number(process.argv[3] ?? 3)
if (!taskNames.includes(task)) throw new Error(`Expected one of ${taskNames.join(', ')} but received ${task}`)

const session = await openSession(await loadConfig({}), {
  cell: { thread: 'worker', policy: 'package' },
  tell: console.error,
})
let sum = 0
try {
  for (let i = 0; i < scenes; i++) {
    const seed = 1 + 2 * i // validation scenes are odd, training scenes even
    const scene = await session.reset({ task, seed, clock: 'free', link: 'in-process' })
    const settings = { ...session.settings, budget: { ...session.settings.budget, steps: scene.maxSteps } }
    const sentence = async () => (await session.cell.truth()).goal
    const { outcome, steps } = await runGoal(sentence, { ...session.ports, ...scene.ports }, settings)
    const { score, achieved } = await session.cell.truth()
    sum += score
    console.log(`scene ${seed}: concluded ${outcome} after ${steps} steps; truth ${achieved}, score ${score.toFixed(2)}`)
  }
} finally {
  await session.close()
}
console.log(`mean score ${(sum / scenes).toFixed(3)} of ${scenes} scenes`)

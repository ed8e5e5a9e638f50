// A sentence becomes a finished pick and place on the simulated cell: node examples/run-a-goal.mjs [SENTENCE] [SEED]

import { loadConfig, openSession, runGoal } from 'cliport-edge'

const goal = process.argv[2] ?? 'put the red blocks in a green bowl'
const seed = Number(process.argv[3] ?? 3)

const config = await loadConfig({ environment: process.env })
const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell: console.error })
try {
  // A scene that the sentence makes sense in; in the free clock simulated time passes as fast as the machine allows.
  const scene = await session.reset({
    task: 'put-block-in-bowl-seen-colors',
    seed,
    goal,
    clock: 'free',
    link: 'in-process',
  })
  const result = await runGoal(goal, { ...session.ports, ...scene.ports }, session.settings)
  const truth = await session.cell.truth()
  console.log(`outcome  ${result.outcome}: ${result.reason}`)
  console.log(`truth    ${truth.achieved ? 'achieved' : 'not achieved'}, score ${truth.score.toFixed(2)}`)
  console.log(`steps    ${result.steps}, of which ${result.retries} were tried again`)
  process.exitCode = result.outcome === 'achieved' ? 0 : 1
} finally {
  await session.close()
}

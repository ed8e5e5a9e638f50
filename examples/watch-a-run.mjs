// Every look, proposal, plan and step of a run as it happens; Ctrl-C stops the arm: node examples/watch-a-run.mjs

import { loadConfig, openSession, runGoal, StageHistograms } from 'cliport-edge'

const abort = new AbortController()
process.on('SIGINT', () => abort.abort())

const stages = new StageHistograms()
const watcher = {
  looked: ({ frames, heightmap }) =>
    console.log(`looked    ${frames.length} cameras, ${heightmap.rows} x ${heightmap.cols} cells`),
  proposed: ({ pick, place, remaining }, decision, sentence) =>
    console.log(
      `proposed  "${sentence}": pick ${pick.pixel}, place ${place.pixel}, remaining ${remaining.toFixed(2)} -> ${decision.kind}`,
    ),
  planned: ({ pick, place }) =>
    console.log(`planned   ${pick.segments.length} segments to pick, ${place.segments.length} to place`),
  refused: (reason) => console.log(`refused   ${reason}`),
  stepped: ({ index, verdict }) => console.log(`step ${index + 1}    ${verdict.result}`),
}

const session = await openSession(await loadConfig({}), {
  cell: { thread: 'worker', policy: 'package' },
  tell: console.error,
})
try {
  const scene = await session.reset({
    task: 'stack-block-pyramid-seq-seen-colors',
    seed: 1,
    clock: 'free',
    link: 'in-process',
  })
  // A task of several sentences: the next one is said when the last one is done.
  const sentence = async () => (await session.cell.truth()).goal
  const ports = { ...session.ports, ...scene.ports }
  const result = await runGoal(sentence, ports, session.settings, { watcher, meter: stages, signal: abort.signal })
  console.log(`outcome   ${result.outcome}: ${result.reason}`)
  for (const [stage, { p50, max, n }] of Object.entries(stages.all())) {
    console.log(`${stage.padEnd(16)} p50 ${p50.toFixed(2).padStart(8)} ms, max ${max.toFixed(2).padStart(8)} ms, n ${n}`)
  }
} finally {
  await session.close()
}

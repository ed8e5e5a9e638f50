// A recording of a run, and how to read it; Foxglove opens the same file: node examples/record-and-read-a-run.mjs

import { mkdir } from 'node:fs/promises'
import { loadConfig, openSession, readRecording, RunRecorder, runGoal } from 'cliport-edge'

const path = 'build/examples/run.mcap'
await mkdir('build/examples', { recursive: true })

const session = await openSession(await loadConfig({}), { cell: { thread: 'worker', policy: 'oracle' }, tell() {} })
const recorder = RunRecorder.start(path)
try {
  const scene = await session.reset({
    task: 'put-block-in-bowl-seen-colors',
    seed: 3,
    clock: 'free',
    link: 'in-process',
  })
  await runGoal(scene.goal, { ...session.ports, ...scene.ports }, session.settings, { recorder })
} finally {
  await recorder.close()
  await session.close()
}

const recording = await readRecording(path)
const counts = {}
for (const { topic } of recording.messages) counts[topic] = (counts[topic] ?? 0) + 1
console.log(`${path}: ${recording.complete ? 'complete' : 'cut short'}`)
for (const [topic, count] of Object.entries(counts)) console.log(`${topic.padEnd(28)} ${count}`)
const outcome = recording.messages.find(({ topic }) => topic === '/outcome')
console.log(new TextDecoder().decode(outcome.data))

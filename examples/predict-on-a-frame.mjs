// Where the policy would pick and place in given camera frames: node examples/predict-on-a-frame.mjs [FOLDER] [SENTENCE]
// FOLDER holds color.png, depth.png and camera.json (docs/recordings.md), or a folder of each camera.

import { fileURLToPath } from 'node:url'
import { loadConfig, predict, readFrames, workspaceOf } from 'cliport-edge'

const shipped = new URL('../tests/fixtures/data/real-tabletop/learn35', import.meta.url)
const folder = process.argv[2] ?? fileURLToPath(shipped)
const goal = process.argv[3] ?? 'put the brown tin in the white bowl'

const config = await loadConfig({ environment: process.env })
const frames = await readFrames(folder)
// Half of a real table's noisy points lie below zero: the heightmap begins 2 cm below the table.
const workspace = { ...workspaceOf(config), zMinM: -0.02 }
const report = await predict({ frames, workspace, goal, out: 'build/examples/predict', config, tell: console.error })

const metres = (p) => p.map((value) => value.toFixed(3)).join(', ')
console.log(`status    ${report.status}${report.reason && `: ${report.reason}`}`)
console.log(`pick      ${metres(report.pick.p_base_m)} m, probability ${report.pick.probability.toFixed(2)}`)
console.log(`place     ${metres(report.place.p_base_m)} m, probability ${report.place.probability.toFixed(2)}`)
console.log(`pictures  ${Object.values(report.files).join(' ')}`)

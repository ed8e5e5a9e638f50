// Turns the rows that the fault-matrix tests found (JSON lines) into a page: node scripts/fault-matrix.mjs ROWS > PAGE
import { readFileSync } from 'node:fs'

const rows = readFileSync(process.argv[2], 'utf8').trim().split('\n').map(JSON.parse)
const latest = new Map(rows.map((row) => [`${row.group}: ${row.fault}`, row]))
const percent = (share) => `${(100 * share).toFixed(0)} %`
const cells = ({ fault, motion: m, arm, runtime }) => [
  fault,
  ...(m
    ? [
        m.speedMps.toFixed(3),
        m.accelerationMps2.toFixed(2),
        m.jerkMps3.toFixed(0),
        percent(Math.max(m.jointSpeedShare, m.jointAccelerationShare, m.jointJerkShare)),
        m.restMs.toFixed(0),
        m.distanceM.toFixed(3),
      ]
    : Array(6).fill('-')),
  arm,
  runtime,
]
const line = (columns) => `| ${columns.map((text) => text.replaceAll('|', '/')).join(' | ')} |`

console.log(`# Fault matrix

Written by \`scripts/fault-matrix\`; every row is a test (tests/integration/fault-matrix-*.test.ts) that fails when the outcome differs. Speed, acceleration and jerk are the largest values of the tool centre point after the fault, from the reference of every 1 kHz cycle. Column joints: the largest share of Franka's limits (Panda) of joint speed, acceleration or jerk. Time to rest and distance count from the fault; where the arm goes on, they include the rest of its move. The controller's limits are 0.6 m/s, 5 m/s^2 and 500 m/s^3. A robot that ends the motion by itself brakes within Franka's limits (1.7 m/s, 13 m/s^2, 6500 m/s^3).`)
for (const group of new Set([...latest.values()].map((row) => row.group))) {
  console.log(`\n## Faults of ${group}\n`)
  console.log(
    line([
      'fault',
      'm/s',
      'm/s^2',
      'm/s^3',
      'joints',
      'rest ms',
      'distance m',
      'what the arm did',
      'what the runtime reported',
    ]),
  )
  console.log(line(Array(9).fill('---')))
  for (const row of latest.values()) if (row.group === group) console.log(line(cells(row)))
}

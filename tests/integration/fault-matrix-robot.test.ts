// Fault matrix, fourth part: the robot behind the controller, with the rules of Franka's control interface (FCI). Core
// and simulated robot on a virtual clock, in a process of their own.

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectPath } from '../../src/native/paths.js'
import { outcome } from '../fixtures/fault-outcomes.js'
import { type Motion, motionAfter, readTrace } from '../fixtures/motion.js'

interface Result {
  readonly plan: string
  readonly mode: string
  readonly robot: string
  readonly without_clearing: string
  readonly released: string
  readonly cleared: string
  readonly motion: Motion
}

function run(scenario: string): Result {
  const trace = join(tmpdir(), `cliport-robot-${process.pid}-${scenario}.trace`)
  try {
    const line = execFileSync(projectPath('build/native/cliport-fault-cell'), [scenario, trace], { encoding: 'utf8' })
    const { fault_ns, ...result } = JSON.parse(line)
    return { ...result, motion: motionAfter(readTrace(trace), BigInt(fault_ns)) }
  } finally {
    rmSync(trace, { force: true })
  }
}

const group = 'the robot (FCI)'

test.each([1, 5, 19])('%i lost cycles are bridged, and the arm arrives', (count) => {
  const { plan, mode, motion } = run(`lost-${count}`)
  expect({ plan, mode }).toEqual({ plan: 'done', mode: 'armed' })
  outcome({ group, fault: `${count} lost cycles in a row`, motion, arm: 'moved on and arrived', runtime: 'done' })
})

test.each([
  ['lost-20', '20 lost cycles in a row', 'communication_constraints_violation'],
  ['stall', 'UDP stalls for 300 ms', 'communication_constraints_violation'],
  ['reflex', 'a reflex in the middle of a grasp (80 N)', 'cartesian_reflex'],
  ['user-stop', "the robot's user stop, pressed and released", 'user_stop'],
])('%s: the robot brakes, the controller faults, and only a person goes on', (scenario, fault, reason) => {
  const { plan, mode, without_clearing, released, cleared, motion } = run(scenario)
  expect({ plan, mode }).toEqual({ plan: reason, mode: 'fault' })
  expect(without_clearing).toBe('latched')
  expect(released).toBe('fault')
  expect(cleared).toBe('disarmed')
  const arm = 'the robot braked by itself, fault; after the release still fault; cleared by a person: disarmed'
  const runtime = `fault: ${plan}; without clearing: rejected, ${without_clearing}`
  outcome({ group, fault, motion, arm, runtime }, 'robot')
})

test('a recovery that the robot refuses leaves it in its fault', () => {
  const { plan, mode, cleared, robot, motion } = run('recovery-refused')
  expect({ plan, mode, cleared, robot }).toEqual({
    plan: 'cartesian_reflex',
    mode: 'fault',
    cleared: 'fault',
    robot: 'reflex',
  })
  const arm = 'the robot braked by itself, fault; still fault after the attempt'
  outcome({ group, fault: 'the recovery is refused: somebody pushes', motion, arm, runtime: `fault: ${plan}` }, 'robot')
})

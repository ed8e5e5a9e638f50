// The service's arm and cameras, as far as it needs neither.

import { expect, test, vi } from 'vitest'
import type { RobotLink } from '../../src/control/ports.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { Workcell } from '../../src/service/workcell.js'

test('the end of a motion is waited for, but not that of a controller that is gone in mid-move', async () => {
  const scene = { task: 'put-block-in-bowl-seen-colors', seed: 3, sentence: 'put it there' }
  const workcell = new Workcell(mergeConfig(null, {}, {}), scene, () => {})
  const link = vi.spyOn(workcell, 'link', 'get')
  const states = (mode: string, ageNs: bigint) =>
    link.mockReturnValue({ backend: 'sim', state: { mode, arrivedNs: process.hrtime.bigint() - ageNs } } as RobotLink)
  let isAtRest = false
  states('moving', 0n)
  const rest = workcell.untilAtRest().then(() => {
    isAtRest = true
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isAtRest).toBe(false)
  states('armed', 0n)
  await rest
  states('moving', 3_600_000_000_000n)
  await workcell.untilAtRest()
}, 20_000)

test('a real arm is armed only with the consent of a person, or of the settings; a simulated one without', async () => {
  const scene = { task: 'put-block-in-bowl-seen-colors', seed: 3, sentence: 'put it there' }
  const arm = vi.fn(async () => {})
  const workcellOf = (backend: string, consents: boolean) => {
    const workcell = new Workcell(mergeConfig(null, {}, { 'robot.consent_to_motion': consents }), scene, () => {})
    const link = { backend, arm } as unknown as RobotLink
    vi.spyOn(workcell, 'ports', 'get').mockReturnValue({ link } as unknown as Workcell['ports'])
    return workcell
  }
  await expect(workcellOf('franka', false).arm(false)).rejects.toMatchObject({
    code: 'CONSENT_REQUIRED',
    hint: expect.stringContaining('--consent-to-motion'),
  })
  expect(arm).not.toHaveBeenCalled()
  await workcellOf('franka', false).arm(true)
  await workcellOf('franka', true).arm(false)
  await workcellOf('cell', false).arm(false)
  expect(arm).toHaveBeenCalledTimes(3)
})

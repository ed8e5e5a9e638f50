// cliport link VERB: look at a controller, and move its arm by hand, without a sentence.

import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import { describeReason } from '../control/reason.js'
import { home, jog, recover, release } from '../runtime/link/manual-motion.js'
import { describeLink, measureRoundTrips, statusOf } from '../runtime/link/status.js'
import { watch } from '../runtime/link/watch.js'
import { movesHardware } from '../runtime/robot.js'
import { realNumber, wholeNumber } from './context.js'
import { type LinkVerbOptions, linkVerb, reportExecution } from './link-context.js'
import { letGoQuestion } from './question.js'

export function addLink(program: Command): void {
  const link = program.command('link').description('inspect a controller, or move its arm by hand')
  addObservation(link)
  addMotion(link)
}

/** What only looks. */
function addObservation(link: Command): void {
  linkVerb(
    link,
    'status',
    'show the mode of the arm, the lease holder, the end effector and the round-trip time',
    async ({ client }) => {
      const status = await statusOf(client)
      return { exitCode: 0, json: status, lines: describeLink(status) }
    },
  )

  linkVerb<LinkVerbOptions & { count: number }>(
    link,
    'ping',
    "measure round trips to the controller's sockets",
    async ({ client, options, signal }) => {
      const report = await measureRoundTrips(client, options.count, signal)
      const { p50, p99, max } = report.round_trip
      const line = `${report.count} round trips: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms`
      return { exitCode: 0, json: report, lines: [line] }
    },
  ).option('--count <n>', 'number of round trips', wholeNumber(1, 100_000), 100)

  linkVerb<LinkVerbOptions & { rate: number; for?: number }>(
    link,
    'watch',
    'print states and events until Ctrl-C; with --json one object per line',
    async ({ client, options, signal, print }) => {
      const seen = await watch(client, {
        rateHz: options.rate,
        forS: options.for,
        asJson: options.json === true,
        signal,
        print,
      })
      return { exitCode: 0, json: seen, lines: [`${seen.states} states, ${seen.events} events`] }
    },
    { isStream: true },
  )
    .option('--rate <hz>', 'states per second', realNumber(0.1, 250), 5)
    .option('--for <seconds>', 'end after this time', realNumber(0, 1e6))
}

/** What moves the arm, or lets it move again. */
function addMotion(link: Command): void {
  linkVerb<LinkVerbOptions & { x: number; y: number; z: number; yaw: number; speed: number }>(
    link,
    'jog',
    'move the tool a short way along a straight line, then disarm',
    async ({ client, config, options, signal, consent }) => {
      const { x, y, z, yaw, speed } = options
      if (x === 0 && y === 0 && z === 0 && yaw === 0) {
        throw new CliportError('USAGE', 'Expected a distance for jog but received none', {
          stage: 'start',
          hint: 'Give at least one of --x, --y, --z (metres) and --yaw (radians), for example: cliport link jog --z 0.02',
        })
      }
      await consent(client.backend)
      return reportExecution(
        client,
        await jog(client, config, { offset_m: [x, y, z], yawRad: yaw, speedMps: speed }, signal),
      )
    },
  )
    .option('--x <m>', 'away from the robot, metres', realNumber(-0.2, 0.2), 0)
    .option('--y <m>', 'to the left, metres', realNumber(-0.2, 0.2), 0)
    .option('--z <m>', 'up, metres', realNumber(-0.2, 0.2), 0)
    .option('--yaw <rad>', 'counter-clockwise seen from above, radians', realNumber(-1.6, 1.6), 0)
    .option('--speed <m/s>', 'greatest speed', realNumber(0.001, 0.25), 0.05)

  linkVerb(link, 'home', 'move all joints to the posture in which every run begins, then disarm', async (verb) => {
    const { client, config, signal, consent } = verb
    await consent(client.backend)
    return reportExecution(client, await home(client, config, signal))
  })

  linkVerb(
    link,
    'release',
    'open the end effector where the arm stands: what it holds falls; then disarm',
    async ({ client, config, signal, confirm }) => {
      const wasHolding = client.state?.endEffector.holding ?? false
      if (movesHardware(client.backend)) await confirm(letGoQuestion(client.backend))
      await release(client, config, signal)
      const line = wasHolding ? 'let go' : 'nothing was held; the end effector is open'
      return { exitCode: 0, json: { released: wasHolding }, lines: [line] }
    },
  )

  linkVerb(
    link,
    'recover',
    'clear a stop or fault after a person has checked the arm; then it is disarmed',
    async ({ client, confirm, signal }) => {
      const before = client.state
      if (before?.mode !== 'stopped' && before?.mode !== 'fault') {
        const line = `nothing to clear: the arm is ${before?.mode}`
        return { exitCode: 0, json: { cleared: false, mode: before?.mode }, lines: [line] }
      }
      await confirm(
        `The arm is in '${before.mode}' (${describeReason(before) || 'no reason given'}). Is the cause removed and the area clear?`,
      )
      const mode = await recover(client, signal)
      const json = { cleared: true, mode, was: { mode: before.mode, reason: describeReason(before) } }
      return { exitCode: 0, json, lines: [`cleared; the arm is ${mode}`] }
    },
  )
}

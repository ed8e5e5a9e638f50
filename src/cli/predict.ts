// cliport predict

import type { Command } from 'commander'
import { type PredictedPose, type PredictReport, predict } from '../runtime/predict.js'
import { type CommonOptions, configFor, policyFlags, runVerb, withCommonOptions } from './context.js'
import { type FrameOptions, openFrames, withFrameOptions } from './frames.js'

interface PredictOptions extends CommonOptions, FrameOptions {
  readonly goal: string
  readonly policy?: string
  readonly out?: string
}

export function addPredict(program: Command): void {
  withCommonOptions(
    withFrameOptions(
      program
        .command('predict')
        .description('compute the pick and place that the policy proposes for given camera frames'),
    ),
  )
    .requiredOption('--goal <sentence>', 'for example "put the brown tin in the white bowl"')
    .option(
      '--policy <folder>',
      'policy package, or tcp://HOST:PORT of a policy server (default: policy of the settings)',
    )
    .option('--out <folder>', 'folder for pictures with pick and place drawn')
    .action(runPredict)
}

async function runPredict(options: PredictOptions): Promise<void> {
  await runVerb(options, async ({ tell }) => {
    const config = await configFor(options, policyFlags(options.policy))
    const { frames, workspace } = await openFrames(options, config)
    const { goal, out } = options
    const report = await predict({ frames, workspace, goal, ...(out === undefined ? {} : { out }), config, tell })
    // An unsure answer is an answer: the verb did what it was asked to.
    return { exitCode: 0, json: report, lines: summary(report) }
  })
}

function summary({ status, reason, pick, place, remaining, found, files }: PredictReport): string[] {
  const pose = ({ p_base_m, yaw_rad: yawRad, probability, pixel_camera: at }: PredictedPose) =>
    `x ${p_base_m[0].toFixed(3)}, y ${p_base_m[1].toFixed(3)}, z ${p_base_m[2].toFixed(3)} m, yaw ${((yawRad * 180) / Math.PI).toFixed(0)} deg, ${(100 * probability).toFixed(0)} %${at === null ? '' : `, picture ${at.join(', ')}`}`
  return [
    `status     ${status}${reason === '' ? '' : `: ${reason}`}`,
    `pick       ${pose(pick)}`,
    `place      ${pose(place)}`,
    `remaining  ${(100 * remaining).toFixed(0)} %, found ${(100 * found).toFixed(0)} %`,
    ...Object.values(files).map((file) => `picture    ${file}`),
  ]
}

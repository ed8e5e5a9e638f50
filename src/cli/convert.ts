// cliport convert

import { type Command, Option } from 'commander'
import { convertCheckpoint } from '../datasets/checkpoint.js'
import { convertPackage } from '../io/policy/convert.js'
import { precisionText } from '../io/policy/manifest.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'

interface ConvertOptions extends CommonOptions {
  readonly out: string
}

interface CheckpointOptions extends ConvertOptions {
  readonly name?: string
  readonly agent?: string
  readonly sizes?: string
  readonly python?: string
  readonly precision: 'fp32' | 'int8'
  readonly scenes: number
  readonly frames?: string
}

/** Of the publication; models/cliport_published/agent.py has them. */
const agents = ['cliport', 'two_stream_clip_lingunet_transporter', 'clip_lingunet_transporter', 'transporter']

export function addConvert(program: Command): void {
  const convert = program
    .command('convert')
    .description('make a policy package of a checkpoint of the published CLIPort, or of a package of an earlier format')
  withCommonOptions(
    convert
      .command('checkpoint', { isDefault: true })
      .description('make a policy package of a checkpoint of the published CLIPort (needs Python and PyTorch)'),
  )
    .argument('<checkpoint>', '.ckpt file that the published code has written')
    .requiredOption('--out <folder>', 'the new package; must not exist')
    .option('--name <name>', "the policy's name (default: that of the folder)")
    .addOption(
      new Option('--agent <name>', 'the published network (default: the one whose keys fit best)').choices(agents),
    )
    .addOption(
      new Option('--precision <name>', 'int8: faster, accuracy unverified').choices(['fp32', 'int8']).default('fp32'),
    )
    .option('--scenes <n>', 'scenes of the simulated cell that int8 is calibrated on', wholeNumber(4, 10_000), 32)
    .option('--frames <file>', 'frames of your own cell to calibrate on instead: .npz with color, height, goals')
    .option('--sizes <file>', 'JSON with sizes other than the published ones, for tests')
    .option('--python <path>', 'interpreter with models/requirements.txt (default: CLIPORT_PYTHON, else python3)')
    .action(convertCkpt)
  withCommonOptions(convert.command('policy').description('convert a policy package of format 1 to format 2'))
    .argument('<folder>', 'policy package of format 1')
    .requiredOption('--out <folder>', 'the new package; must not exist')
    .action(convertPolicy)
}

async function convertCkpt(checkpoint: string, options: CheckpointOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { out, name, agent, sizes, python } = options
    const given = Object.fromEntries(
      Object.entries({ name, agent, sizes, python }).filter(([, value]) => value !== undefined),
    )
    const { precision, scenes, frames } = options
    const calibration = { scenes, ...(frames === undefined ? {} : { frames }) }
    const int8 = precision === 'int8' ? { int8: { ...calibration, config: await configFor(options, {}) } } : {}
    const converted = await convertCheckpoint({ checkpoint, out, signal, tell, ...given, ...int8 })
    const words = precisionText(converted)
    return {
      exitCode: 0,
      json: converted,
      lines: [`policy package: ${out} (${converted.agent})`, ...(words === null ? [] : [`precision: ${words}`])],
    }
  })
}

async function convertPolicy(folder: string, options: ConvertOptions): Promise<void> {
  await runVerb(options, async () => {
    const { name, version } = await convertPackage(folder, options.out)
    return {
      exitCode: 0,
      json: { package: options.out, name, version },
      lines: [`policy package: ${options.out} (${name}, format ${version})`],
    }
  })
}

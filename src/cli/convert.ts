// cliport convert

import { type Command, Option } from 'commander'
import { convertCheckpoint } from '../datasets/checkpoint.js'
import { convertPackage } from '../io/policy/convert.js'
import { type CommonOptions, runVerb, withCommonOptions } from './context.js'

interface ConvertOptions extends CommonOptions {
  readonly out: string
}

interface CheckpointOptions extends ConvertOptions {
  readonly name?: string
  readonly agent?: string
  readonly sizes?: string
  readonly python?: string
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
    const converted = await convertCheckpoint({ checkpoint, out, signal, tell, ...given })
    return { exitCode: 0, json: converted, lines: [`policy package: ${out} (${converted.agent})`] }
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

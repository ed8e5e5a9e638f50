// cliport convert

import type { Command } from 'commander'
import { convertPackage } from '../io/policy/convert.js'
import { type CommonOptions, runVerb, withCommonOptions } from './context.js'

interface ConvertOptions extends CommonOptions {
  readonly out: string
}

export function addConvert(program: Command): void {
  const convert = program.command('convert').description('convert what an earlier release wrote to the present format')
  withCommonOptions(convert.command('policy').description('convert a policy package of format 1 to format 2'))
    .argument('<folder>', 'policy package of format 1')
    .requiredOption('--out <folder>', 'the new package; must not exist')
    .action(convertPolicy)
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

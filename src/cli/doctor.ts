// cliport doctor

import type { Command } from 'commander'
import pc from 'picocolors'
import { type Check, diagnose } from '../runtime/doctor.js'
import { type CommonOptions, configFor, runVerb, withCommonOptions } from './context.js'

export function addDoctor(program: Command): void {
  withCommonOptions(
    program.command('doctor').description('check that this machine has everything that a run needs'),
  ).action((options: CommonOptions) =>
    runVerb(options, async () => {
      const report = await diagnose(await configFor(options))
      return {
        exitCode: report.ok ? 0 : 1,
        json: report,
        lines: [...report.checks.map(lineOf), '', report.ok ? 'ready' : 'not ready: see what to do above'],
      }
    }),
  )
}

const marks = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('fail'), skip: pc.dim('skip') }

function lineOf({ id, status, finding, fix }: Check): string {
  return `${marks[status]}  ${id.padEnd(17)} ${finding}${fix === '' ? '' : `\n      ${' '.repeat(17)} -> ${fix}`}`
}

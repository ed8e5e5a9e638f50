// cliport doctor

import type { Command } from 'commander'
import pc from 'picocolors'
import { CliportError } from '../control/errors.js'
import { loadConfig } from '../runtime/config/load.js'
import { type Check, type Diagnosed, diagnose } from '../runtime/doctor/diagnose.js'
import { diagnoseService } from '../service/doctor.js'
import { type CommonOptions, configFor, runVerb, withCommonOptions } from './context.js'

export function addDoctor(program: Command): void {
  withCommonOptions(
    program.command('doctor').description('check that this machine has everything that a run and a service need'),
  ).action((options: CommonOptions) =>
    runVerb(options, async () => {
      const diagnosed = await settingsOf(options)
      const { checks: own } = await diagnose(diagnosed)
      const checks = [...own, ...(await diagnoseService(diagnosed.config))]
      const ok = checks.every(({ status }) => status !== 'fail')
      return {
        exitCode: ok ? 0 : 1,
        json: { ok, checks },
        lines: [...checks.map(lineOf), '', ok ? 'ready' : 'not ready: see what to do above'],
      }
    }),
  )
}

/** Settings that cannot be used are a finding among others: the rest is looked at with the defaults. */
async function settingsOf(options: CommonOptions): Promise<Diagnosed> {
  const file = options.config ?? process.env.CLIPORT_CONFIG
  const named = file === undefined ? {} : { file }
  try {
    return { config: await configFor(options), ...named }
  } catch (error) {
    if (!(error instanceof CliportError)) throw error
    return { config: await loadConfig({}), ...named, problem: error }
  }
}

const marks = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('fail'), skip: pc.dim('skip') }

function lineOf({ id, status, finding, fix }: Check): string {
  return `${marks[status]}  ${id.padEnd(21)} ${finding}${fix === '' ? '' : `\n      ${' '.repeat(21)} -> ${fix}`}`
}

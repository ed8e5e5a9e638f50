// cliport doctor

import type { Command } from 'commander'
import pc from 'picocolors'
import { CliportError } from '../control/errors.js'
import { loadConfig } from '../runtime/config/load.js'
import { type Check, type Diagnosed, diagnose } from '../runtime/doctor/diagnose.js'
import { diagnoseService } from '../service/doctor.js'
import { type CommonOptions, configFor, runVerb, type VerbResult, withCommonOptions } from './context.js'
import { stateHelp } from './service-verb.js'

interface DoctorOptions extends CommonOptions {
  readonly state?: string
}

export function addDoctor(program: Command): void {
  withCommonOptions(
    program.command('doctor').description('check that this machine has everything that a run and a service need'),
  )
    .option('--state <folder>', stateHelp)
    .action((options: DoctorOptions) => runVerb(options, () => examine(options)))
}

async function examine(options: DoctorOptions): Promise<VerbResult> {
  const diagnosed = await settingsOf(options)
  const { checks: own } = await diagnose(diagnosed)
  const checks = [...own, ...(await diagnoseService(diagnosed.config))]
  const ok = checks.every(({ status }) => status !== 'fail')
  return {
    exitCode: ok ? 0 : 1,
    json: { ok, checks },
    lines: [...checks.map(lineOf), '', ok ? 'ready' : 'not ready: see what to do above'],
  }
}

/** Settings that cannot be used are a finding among others: the rest is looked at with the defaults. */
async function settingsOf(options: DoctorOptions): Promise<Diagnosed> {
  const flags = { 'service.state': options.state }
  const file = options.config ?? process.env.CLIPORT_CONFIG
  const named = file === undefined ? {} : { file }
  try {
    return { config: await configFor(options, flags), ...named }
  } catch (error) {
    if (!(error instanceof CliportError)) throw error
    return { config: await loadConfig({ flags }), ...named, problem: error }
  }
}

const marks = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('fail'), skip: pc.dim('skip') }

function lineOf({ id, status, finding, fix }: Check): string {
  return `${marks[status]}  ${id.padEnd(21)} ${finding}${fix === '' ? '' : `\n      ${' '.repeat(21)} -> ${fix}`}`
}

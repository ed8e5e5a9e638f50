// `cliport doctor`: what a person would look at first when something does not work.

import { createServer } from 'node:net'
import type { CliportError } from '../../control/errors.js'
import { cellAddons } from '../addons.js'
import type { Config } from '../config/schema.js'
import { checkCalibration, checkCameras, checkLink, isControllerHere } from './cell.js'
import { Checks, type DoctorReport, fail, ok } from './check.js'
import { checkClock, checkFolder, checkKernel, checkNode, checkPrivileges } from './machine.js'
import { checkAddon, checkController, checkKinematics, checkPolicy, checkVoice } from './software.js'

export type { Check, DoctorReport } from './check.js'

export interface Diagnosed {
  /** The defaults where the settings cannot be used. */
  readonly config: Config
  /** File of the settings; absent: none was named. */
  readonly file?: string
  /** What is wrong with the settings. */
  readonly problem?: CliportError
}

/** Looks at everything, whatever of it is broken or missing. Moves nothing. */
export async function diagnose({ config, file, problem }: Diagnosed): Promise<DoctorReport> {
  const checks = new Checks()
  const run = checks.run.bind(checks)
  await run('node', checkNode)
  await run('settings', () =>
    problem === undefined
      ? ok(file === undefined ? 'defaults: no file is named' : `${file} is valid`)
      : fail(problem.message, problem.hint),
  )
  for (const name of [...cellAddons, 'service_manager']) await run(`addon-${name}`, () => checkAddon(name))
  await run('kinematics', checkKinematics)
  await run('controller', checkController)
  const { policy, fit, provider } = await checkPolicy(config)
  await run('policy', () => policy)
  await run('policy-fit', () => fit)
  await run('provider', () => provider)
  const { library, cameras, usb } = await checkCameras(config)
  await run('camera-library', () => library)
  await run('cameras', () => cameras)
  await run('usb', () => usb)
  await run('calibration', () => checkCalibration(config, file))
  await run('link', () => checkLink(config))
  const isHere = isControllerHere(config)
  await run('kernel', () => checkKernel(isHere))
  await run('privileges', () => checkPrivileges(isHere))
  await run('clock', () => checkClock())
  await run('runs', () => checkFolder(config.run.out, 'run.out'))
  await run('ports', checkPorts)
  await run('voice', () => checkVoice(config))
  return checks.report
}

function checkPorts(): Promise<ReturnType<typeof ok>> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', ({ message }) =>
      resolve(fail(`no port on 127.0.0.1: ${message}`, 'Allow programs to listen on loopback')),
    )
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(ok('ports on 127.0.0.1 can be used'))))
  })
}

#!/usr/bin/env node
// The command line: one verb a file.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { CliportError } from '../control/errors.js'
import { projectPath } from '../native/paths.js'
import { addBench } from './bench.js'
import { addCameraCommand } from './camera.js'
import { addConvert } from './convert.js'
import { addDoctor } from './doctor.js'
import { addEval } from './eval.js'
import { addHeightmap } from './heightmap.js'
import { addLink } from './link.js'
import { addPredict } from './predict.js'
import { addRecord } from './record.js'
import { addResults } from './results.js'
import { addRun } from './run.js'
import { addExport, addTrain } from './train.js'

const { version } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as { version: string }

const program = new Command('cliport')
  .description('A sentence becomes closed-loop pick and place on a Franka arm, or on a simulated cell.')
  .version(version)
  .showHelpAfterError('(try --help)')
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 achieved or done; 1 tried and not achieved; 2 wrong use, settings or policy package;\n3 hardware or service absent at start; 130 stopped.',
  )

addRun(program)
addPredict(program)
addHeightmap(program)
addRecord(program)
addEval(program)
addResults(program)
addTrain(program)
addExport(program)
addConvert(program)
addCameraCommand(program)
addBench(program)
addLink(program)
addDoctor(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof CliportError) {
    process.stderr.write(`error ${error.code}: ${error.message}\n  ${error.hint}\n`)
    process.exitCode = 2
  } else throw error
}

// cliport bench: speed on this machine, each subject a file

import type { Command } from 'commander'
import { addBenchCompare } from './bench-compare.js'
import { addBenchController } from './bench-controller.js'
import { addBenchDelay } from './bench-delay.js'
import { addBenchHeightmap } from './bench-heightmap.js'
import { addBenchLatency } from './bench-latency.js'
import { addBenchLink } from './bench-link.js'
import { addBenchPolicy } from './bench-policy.js'

export function addBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('measure speed on this machine; reports machine, date, command and load')
  addBenchHeightmap(bench)
  addBenchLink(bench)
  addBenchController(bench)
  addBenchPolicy(bench)
  addBenchLatency(bench)
  addBenchCompare(bench)
  addBenchDelay(bench)
}

#!/usr/bin/env -S node --max-semi-space-size=2
// The command line: one verb a file. Short-lived objects are cleared away after 2 MB of them, which keeps a run 50 MB smaller.

import { processInterrupts } from './interrupts.js'
import { processInvocation } from './invocation.js'
import { runCommandLine } from './program.js'

process.exitCode = await runCommandLine(processInvocation())

// Everything is closed and written. What still keeps the process is a defect; neither a script nor systemd waits for it.
setTimeout(() => {
  process.stderr.write(`still open at the end: ${process.getActiveResourcesInfo().join(', ')}\n`)
  processInterrupts.endAtOnce()
}, 10_000).unref()

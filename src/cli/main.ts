#!/usr/bin/env -S node --max-semi-space-size=2
// The command line: one verb a file. Short-lived objects are cleared away after 2 MB of them, which keeps a run 50 MB smaller.

import { processInvocation } from './invocation.js'
import { runCommandLine } from './program.js'

process.exitCode = await runCommandLine(processInvocation())

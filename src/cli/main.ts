#!/usr/bin/env node
// The command line: one verb a file.

import { processInvocation } from './invocation.js'
import { runCommandLine } from './program.js'

process.exitCode = await runCommandLine(processInvocation())

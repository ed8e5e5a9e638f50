// cliport completion

import { Argument, type Command } from 'commander'
import { completionScript, type Shell, shells } from './completion-scripts.js'
import { type CommonOptions, runVerb } from './context.js'

/** @param wholeProgram the program with every verb loaded */
export function addCompletion(program: Command, wholeProgram: () => Promise<Command>): void {
  program
    .command('completion')
    .description('print a script that lets a shell complete verbs and options: eval "$(cliport completion bash)"')
    .addArgument(new Argument('<shell>', 'whose script').choices(shells))
    .option('--json', 'one JSON object as the last line of stdout; everything else goes to stderr')
    .action((shell: Shell, options: CommonOptions) =>
      runVerb(options, async () => {
        const script = completionScript(shell, await wholeProgram())
        return { exitCode: 0, json: { shell, script }, lines: [script.trimEnd()] }
      }),
    )
}

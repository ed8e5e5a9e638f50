// cliport train, cliport export

import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { runPython } from '../datasets/python.js'
import { train } from '../datasets/train.js'
import { whileLocked } from '../io/folder-lock.js'
import { projectPath } from '../native/paths.js'
import { type CommonOptions, runVerb, wholeNumber, withCommonOptions } from './context.js'

interface TrainOptions extends CommonOptions {
  readonly data: readonly string[]
  readonly validation?: readonly string[]
  readonly out: string
  readonly recipe: string
  readonly stage: string
  readonly set?: readonly string[]
  readonly init?: string
  readonly resume?: boolean
  readonly workers: number
  readonly processes?: number
  readonly python?: string
}

const pythonFlag = [
  '--python <path>',
  'interpreter with models/requirements.txt (default: CLIPORT_PYTHON, else python3)',
] as const

export function addTrain(program: Command): void {
  withCommonOptions(
    program.command('train').description('train a policy on recorded episodes (needs Python and PyTorch)'),
  )
    .requiredOption('--data <folders...>', 'folders of cliport record, or caches made of them')
    .option('--validation <folders...>', 'the same with odd seeds, from which thresholds and validation scores come')
    .requiredOption('--out <folder>', 'folder of the run: checkpoints, progress, TensorBoard, card')
    .addOption(
      new Option('--recipe <file>', 'settings of each stage').default(
        projectPath('models/recipe.json'),
        'models/recipe.json',
      ),
    )
    .option(
      '--stage <name>',
      'stage of the recipe, for example pretrain (captioned scenes) or train (demonstrations)',
      'train',
    )
    .option('--set <settings...>', 'name=value, replaces settings of the recipe')
    .option('--init <checkpoint>', 'initial weights, from pre-training')
    .option('--resume', 'continue the run in the folder')
    .option('--workers <n>', 'processes that prepare samples', wholeNumber(0, 64), 1)
    .option('--processes <n>', 'processes that train together with torchrun (default: one per GPU)', wholeNumber(1, 64))
    .option(...pythonFlag)
    .action(runTrain)
}

async function runTrain(options: TrainOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { validation = [], set = [], resume = false, data, out, recipe, stage, workers } = options
    const card = await whileLocked(out, 'cliport train', () =>
      train({
        ...{ data, validation, out, recipe, stage, set, resume, workers, signal, tell },
        ...(options.init === undefined ? {} : { init: options.init }),
        ...(options.processes === undefined ? {} : { processes: options.processes }),
        ...(options.python === undefined ? {} : { python: options.python }),
      }),
    )
    return { exitCode: 0, json: card, lines: [`trained: ${out}/final.pt; description: ${out}/card.json`] }
  })
}

interface ExportOptions extends CommonOptions {
  readonly checkpoint: string
  readonly out: string
  readonly data?: string
  readonly python?: string
}

export function addExport(program: Command): void {
  withCommonOptions(
    program.command('export').description('make a policy package from a trained checkpoint (needs Python and PyTorch)'),
  )
    .requiredOption('--checkpoint <file>', 'final.pt of cliport train')
    .requiredOption('--out <folder>', 'the policy package')
    .option('--data <cache>', 'observations on which ONNX Runtime and PyTorch must agree')
    .option(...pythonFlag)
    .action(runExport)
}

async function runExport(options: ExportOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { checkpoint, out, data, python } = options
    await whileLocked(out, 'cliport export', () =>
      runPython({
        ...{ module: 'cliport_edge.export', signal, tell },
        args: [
          ...['--checkpoint', resolve(checkpoint), '--out', resolve(out)],
          ...(data === undefined ? [] : ['--data', resolve(data)]),
        ],
        ...(python === undefined ? {} : { python }),
      }),
    )
    return { exitCode: 0, json: { package: out }, lines: [`policy package: ${out}`] }
  })
}

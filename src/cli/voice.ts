// cliport voice check | eval

import type { Command } from 'commander'
import pc from 'picocolors'
import { evaluateVoice, type VoiceReport } from '../evaluation/voice/evaluate-voice.js'
import { readVoiceFolder } from '../evaluation/voice/voice-folder.js'
import { engineNames } from '../io/voice/speech.js'
import { policyLexicon } from '../runtime/policy.js'
import { openVoice } from '../runtime/voice.js'
import {
  type CommonOptions,
  configFor,
  realNumber,
  runVerb,
  type Verb,
  type VerbResult,
  withCommonOptions,
} from './context.js'
import { checkVoice, type VoiceCheckOptions } from './voice-check.js'

interface VoiceOptions extends CommonOptions {
  readonly engine?: string
}

/** Adds `voice` and its subcommands to the program. */
export function addVoice(program: Command): void {
  const voice = program
    .command('voice')
    .description('spoken goals: check the microphone and the engine, score an engine')
  const withEngine = (command: Command) =>
    withCommonOptions(command).option(
      '--engine <name>',
      `${engineNames.join(', ')} (default: voice.engine of the settings)`,
    )

  withEngine(voice.command('check'))
    .description('check device, level, noise and engine, and hear one sentence; nothing moves and nothing is kept')
    .option('--device <name>', "ALSA's name of the microphone (default: voice.microphone of the settings)")
    .option('--seconds <s>', 'how long it listens for a sentence', realNumber(1, 120), 8)
    .option('--save <file>', 'keep what was heard as a WAV file')
    .action((options: VoiceOptions & VoiceCheckOptions) =>
      runVerb(options, async (verb) => {
        const config = await configFor(options, { 'voice.engine': options.engine, 'voice.microphone': options.device })
        return checkVoice(config, options, verb)
      }),
    )

  withEngine(voice.command('eval'))
    .description('score an engine on spoken sentences')
    .argument(
      '<dir>',
      'WAV files (16 kHz, 16 bit, mono) and goals.json: [{"file": "a.wav", "goal": "put ..."}], null for no goal',
    )
    .action((folder: string, options: VoiceOptions) => runVerb(options, (verb) => evaluate(folder, options, verb)))
}

async function evaluate(folder: string, options: VoiceOptions, { signal, tell }: Verb): Promise<VerbResult> {
  const config = await configFor(options, { 'voice.engine': options.engine })
  const rows = await readVoiceFolder(folder)
  const lexicon = await policyLexicon(config)
  const voice = await openVoice(config.voice, lexicon)
  try {
    const { report } = await evaluateVoice(rows, {
      speech: voice.speech,
      lexicon: lexicon!,
      signal,
      tell: (line) => tell(pc.dim(line)),
    })
    return { exitCode: 0, json: report, lines: summary(report) }
  } finally {
    await voice.close()
  }
}

function summary(report: VoiceReport): string[] {
  const { seconds } = report
  return [
    `${report.engine}: ${report.goals_right} of ${report.sentences} goals right, ${report.doubted} with a doubt`,
    `words wrong            ${(100 * report.wer).toFixed(1)} %`,
    `wrong without a doubt  ${report.wrong_without_doubt}`,
    `negations lost         ${report.negations_lost} of ${report.negations}`,
    `no goal, but offered   ${report.no_goal_offered} of ${report.no_goal}, and ${report.no_goal_offered_with_doubt} with a doubt`,
    `time for a sentence    ${seconds.p50.toFixed(2)} s (p90 ${seconds.p90.toFixed(2)} s), ${report.real_time_factor.toFixed(2)} of its length`,
  ]
}

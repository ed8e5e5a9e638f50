// The voice that the settings name: an engine, and what listens to a stream.

import { CliportError } from '../control/errors.js'
import type { Lexicon } from '../control/ports.js'
import { engineAbsent, fetchHint, type VoiceFiles, voiceFiles } from '../io/voice/files.js'
import { type ListenerOptions, VoiceListener } from '../io/voice/listener.js'
import { PocketSphinx } from '../io/voice/pocketsphinx/pocketsphinx.js'
import { Sherpa } from '../io/voice/sherpa/sherpa.js'
import type { EngineName, Speech } from '../io/voice/speech.js'
import { VoiceThread } from '../io/voice/voice-thread.js'
import type { VoiceSettings } from './config/voice.js'

export interface Voice {
  readonly speech: Speech
  /** Of the policy whose goals are heard. */
  readonly lexicon: Lexicon
  /** What is missing and what that means, for a person; empty: nothing is. */
  readonly missing: readonly string[]
  /** @throws CliportError VOICE_ENGINE_ABSENT where Silero's net is missing */
  listen(options: Omit<ListenerOptions, 'lexicon'>): VoiceListener
  /** Ends threads and processes. */
  close(): Promise<void>
}

/**
 * Opens the engine and the ear.
 * @param lexicon of the policy; null: it has none, and spoken goals cannot be held against its words
 * @throws CliportError VOICE_ENGINE_ABSENT when no engine of the settings is there; VOICE_ENGINE_FAILED
 */
export async function openVoice(settings: VoiceSettings, lexicon: Lexicon | null): Promise<Voice> {
  if (lexicon === null) {
    throw engineAbsent(
      'This policy has no lexicon, so there is no grammar of its goals to listen with',
      'Type the sentences',
    )
  }
  const files = await voiceFiles(settings.models)
  const engine = engineOf(settings, files)
  const isMoonshine = engine === 'moonshine'
  const { vadFile } = files
  const moonshineFolder = isMoonshine ? files.moonshineFolder : null
  const thread =
    vadFile === null && !isMoonshine
      ? null
      : await VoiceThread.start({ vadFile, moonshineFolder, lexicon, threads: settings.threads })
  try {
    const speech = isMoonshine ? thread! : await openOther(engine, settings, lexicon)
    return {
      speech,
      lexicon,
      missing: missingOf(files, engine),
      listen: (options) => {
        if (thread === null || vadFile === null)
          throw engineAbsent('Nothing can be listened to: the net that finds speech is missing', fetchHint)
        return new VoiceListener(thread, speech, { ...options, lexicon })
      },
      close: async () => {
        await speech.close()
        if (!isMoonshine) await thread?.close()
      },
    }
  } catch (error) {
    await thread?.close()
    throw error
  }
}

/** What listening lacks, by the files alone, for a person; null: nothing that a look at the disk could show. */
export async function voiceLack(settings: VoiceSettings): Promise<string | null> {
  const files = await voiceFiles(settings.models)
  if (files.vadFile === null) return `the net that finds speech is not in ${settings.models} (make voice)`
  if (settings.engine === 'moonshine' && files.moonshineFolder === null)
    return `Moonshine's files are not in ${settings.models} (make voice)`
  return null
}

/** The engine of the settings; of `auto` the best that is there. @throws CliportError VOICE_ENGINE_ABSENT */
function engineOf({ engine, models }: VoiceSettings, { moonshineFolder }: VoiceFiles): EngineName {
  if (engine === 'auto') return moonshineFolder === null ? 'pocketsphinx' : 'moonshine'
  if (engine === 'moonshine' && moonshineFolder === null) {
    throw engineAbsent(`Moonshine's files are not in ${models}`, fetchHint)
  }
  return engine
}

async function openOther(engine: EngineName, settings: VoiceSettings, lexicon: Lexicon): Promise<Speech> {
  if (engine === 'sherpa') return Sherpa.open(settings.sherpa_config)
  try {
    return await PocketSphinx.open(lexicon)
  } catch (error) {
    if (settings.engine !== 'auto' || !(error instanceof CliportError)) throw error
    throw engineAbsent(
      `No speech engine is there: Moonshine's files are not in ${settings.models}, and ${error.message}`,
      fetchHint,
      error,
    )
  }
}

function missingOf({ vadFile, moonshineFolder }: VoiceFiles, engine: EngineName): readonly string[] {
  return [
    ...(vadFile === null ? ["Silero's net: nothing finds where speech begins and ends (make voice)"] : []),
    ...(moonshineFolder === null && engine !== 'moonshine' ? ['Moonshine: "stop" is not spotted (make voice)'] : []),
  ]
}

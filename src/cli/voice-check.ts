// What `cliport voice check` looks at: device, level, noise, engine, one sentence.

import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import pc from 'picocolors'
import { joined } from '../io/joined.js'
import { expectWritableFile } from '../io/unwritable.js'
import type { VoiceEvent } from '../io/voice/listener.js'
import { type Microphone, openMicrophone } from '../io/voice/microphone.js'
import { wavBytes } from '../io/voice/wav.js'
import type { Config } from '../runtime/config/schema.js'
import { policyLexicon } from '../runtime/policy.js'
import { openVoice } from '../runtime/voice.js'
import type { Verb, VerbResult } from './context.js'

export interface VoiceCheckOptions {
  readonly device?: string
  readonly seconds: number
  readonly save?: string
}

interface Check {
  readonly id: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly finding: string
  readonly fix: string
}

/** Louder noise than this, and softer speech than that, make mistakes likely; decibels against full scale. */
const [loudNoiseDb, softSpeechDb, leastRatioDb] = [-40, -35, 15]

export async function checkVoice(config: Config, options: VoiceCheckOptions, verb: Verb): Promise<VerbResult> {
  const { signal, tell } = verb
  const device = config.voice.microphone ?? 'default'
  if (options.save !== undefined) await expectWritableFile('the sound', options.save, 'FILE')
  const voice = await openVoice(config.voice, await policyLexicon(config))
  const microphone = openMicrophone(device)
  const events: VoiceEvent[] = []
  const kept: Float32Array[] = []
  try {
    let answer = () => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    const listener = voice.listen({
      onEvent: (event) => {
        events.push(event)
        if (isAnswer(event)) answer()
      },
    })
    tell(`Say what is to be done, for example: put the red block in the green bowl (${options.seconds} s)`)
    await listenFor(microphone, options.seconds, signal, (samples) => {
      if (options.save !== undefined) kept.push(samples.slice())
      listener.push(samples)
      showLevel(events, tell)
      return events.some(isAnswer)
    })
    // What was said to its end when the time was over is still being transcribed.
    if (events.some(({ kind }) => kind === 'listening_ended')) await unlessAborted(answered, signal)
    listener.close()
    if (options.save !== undefined) await writeFile(options.save, wavBytes(joined(kept, Float32Array)), { mode: 0o600 })
    const checks = checksOf(device, voice.speech.engine, voice.missing, events)
    return resultOf(checks, events)
  } finally {
    await microphone.close()
    await voice.close()
  }
}

/** Until the time is over, the sentence was heard, or the signal comes. */
async function listenFor(
  { sound, close }: Microphone,
  seconds: number,
  signal: AbortSignal,
  take: (samples: Float32Array<ArrayBuffer>) => boolean,
): Promise<void> {
  const timer = setTimeout(() => void close(), 1000 * seconds)
  const stop = () => void close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const samples of sound) if (take(samples)) break
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  signal.throwIfAborted()
}

type Answer = Extract<VoiceEvent, { readonly kind: 'goal' | 'no_goal' | 'failed' | 'ended' }>

function isAnswer(event: VoiceEvent): event is Answer {
  return event.kind === 'goal' || event.kind === 'no_goal' || event.kind === 'failed' || event.kind === 'ended'
}

async function unlessAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  const end = new AbortController()
  const aborted = once(signal, 'abort', { signal: end.signal }).catch(() => {})
  await Promise.race([done, aborted])
  end.abort()
  signal.throwIfAborted()
}

/** The last level as a bar, once for each that came. */
function showLevel(events: readonly VoiceEvent[], tell: (line: string) => void): void {
  const levels = events.filter((event) => event.kind === 'level')
  const last = levels.at(-1)
  if (last === undefined || levels.length % 4 !== 0 || events.at(-1) !== last) return
  const bar = '#'.repeat(Math.max(0, Math.round((last.levelDb + 70) / 2)))
  tell(pc.dim(`${last.levelDb.toFixed(0).padStart(4)} dB ${bar}${last.isSpeech ? ' speech' : ''}`))
}

function checksOf(
  device: string,
  engine: string,
  missing: readonly string[],
  events: readonly VoiceEvent[],
): readonly Check[] {
  const levels = events.filter((event) => event.kind === 'level')
  const median = (isSpeech: boolean) => {
    const values = levels
      .filter((level) => level.isSpeech === isSpeech)
      .map(({ levelDb }) => levelDb)
      .sort((a, b) => a - b)
    return values[values.length >> 1] ?? null
  }
  const [noise, speech] = [median(false), median(true)]
  const fails = (id: string, finding: string, fix: string): Check => ({ id, status: 'fail', finding, fix })
  const heard = events.find(isAnswer)
  if (levels.length === 0 && heard === undefined)
    return [fails('device', `${device} gave no sound`, 'arecord -L lists the devices; set voice.microphone')]
  const isClosed = levels.length > 0 && Math.max(...levels.map(({ levelDb }) => levelDb)) < -85
  return [
    isClosed
      ? fails('device', `${device} is open, and silent`, 'It is muted or not plugged in: alsamixer')
      : { id: 'device', status: 'ok', finding: device, fix: '' },
    verdict(
      'noise',
      noise === null || noise < loudNoiseDb,
      `${noise?.toFixed(0) ?? '-'} dB without speech`,
      'Turn the gain down, or go nearer to the microphone',
    ),
    speech === null
      ? fails('level', 'no speech was found', 'Speak while it listens, nearer to the microphone')
      : verdict(
          'level',
          speech > softSpeechDb && (noise === null || speech - noise > leastRatioDb),
          `${speech.toFixed(0)} dB with speech`,
          'Turn the gain up, or go nearer to the microphone',
        ),
    verdict('engine', missing.length === 0, [engine, ...missing].join('; '), 'make voice'),
    heard === undefined
      ? fails('sentence', 'nothing was heard to its end', 'Speak, then be silent for a second')
      : heard.kind === 'failed' || heard.kind === 'ended'
        ? fails('sentence', heard.message, heard.hint)
        : verdict('sentence', heard.kind === 'goal', describe(heard), 'Say a goal; docs/goals.md has examples'),
  ]
}

function describe(event: Extract<VoiceEvent, { readonly kind: 'goal' | 'no_goal' }>): string {
  if (event.kind === 'no_goal') return `heard "${event.heard}", which is no goal (${event.tookMs} ms)`
  const doubts = event.doubts.map(({ reason }) => `; ${reason}`).join('')
  return `heard "${event.heard}", understood "${event.sentence}"${doubts} (${event.tookMs} ms)`
}

function verdict(id: string, isGood: boolean, finding: string, fix: string): Check {
  return { id, status: isGood ? 'ok' : 'warn', finding, fix: isGood ? '' : fix }
}

function resultOf(checks: readonly Check[], events: readonly VoiceEvent[]): VerbResult {
  const failed = checks.filter(({ status }) => status === 'fail')
  const heard = events.find(({ kind }) => kind === 'goal' || kind === 'no_goal') ?? null
  return {
    exitCode: failed.length === 0 ? 0 : failed.some(({ id }) => id === 'device') ? 3 : 1,
    json: { ok: failed.length === 0, checks, heard },
    lines: checks.map(({ id, status, finding, fix }) => {
      const mark = { ok: pc.green('pass'), warn: pc.yellow('warn'), fail: pc.red('FAIL') }[status]
      return `${mark}  ${id.padEnd(9)} ${finding}${fix === '' ? '' : `\n                ${pc.dim(fix)}`}`
    }),
  }
}

// The process that builds one engine of TensorRT (build-engine.ts starts it). A process of its own, because a build cannot
// be stopped from inside, writes its reasons to stderr, and may take all memory of a small computer.
//
// In: EngineBuild as JSON, from stdin. Out: one line of JSON on stdout, EngineBuilt.

import { text } from 'node:stream/consumers'
import { createEngine, type NativeFailure, type StringOptions } from '../../native/engine.js'
import { zeroInputs } from './graph-opening.js'
import { type GraphSpec, tensorsOf } from './graph-spec.js'
import { turnOffTelemetry } from './telemetry.js'

export interface EngineBuild {
  readonly library: string
  /** Path of the graph. */
  readonly graph: string
  readonly signature: GraphSpec
  readonly providers: readonly { readonly name: string; readonly options: StringOptions }[]
}

export type EngineBuilt =
  | { readonly ok: true; readonly assignments: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly log: readonly string[] }

turnOffTelemetry()
const build = JSON.parse(await text(process.stdin)) as EngineBuild
const engine = createEngine(build.library)
try {
  const settings = { graph: build.graph, providers: build.providers, threads: 1, memory: 'none' as const, config: {} }
  const { assignments } = await engine.open('graph', settings, 1)
  // TensorRT's provider builds at the first run what it could not build before.
  const zeros = zeroInputs(build.signature)
  const feeds = tensorsOf(build.signature.inputs).map(([role, { tensor }]) => [tensor, zeros[role]!])
  await engine.run('graph', Object.fromEntries(feeds), 2)
  answer({ ok: true, assignments })
} catch (error) {
  const { code, message, log = [] } = error as NativeFailure
  answer({ ok: false, code, message, log })
} finally {
  await engine.close()
}

function answer(built: EngineBuilt): void {
  process.stdout.write(`${JSON.stringify(built)}\n`)
}

// `cliport policy serve`: the session's policy for programs elsewhere. Frames or a heightmap and a sentence come in, the
// same decision goes out that a run would take at its first look.

import { readFileSync } from 'node:fs'
import { decideAnswerAtFirst } from '../control/decide.js'
import { CliportError } from '../control/errors.js'
import { gridSize } from '../control/geometry.js'
import { type Answer, askPolicy } from '../control/goal/ask-policy.js'
import { withoutCells } from '../control/goal/understanding.js'
import { parseGoal } from '../control/goal.js'
import { expectFit, fitOf, runtimeUnits } from '../control/policy-fit.js'
import type { Policy, PolicyInfo } from '../control/ports.js'
import type { Affordance, Heightmap, Proposal, SuppressedSpot } from '../control/types.js'
import { serverKeys } from '../io/policy-server/keys.js'
import type { Expectations, PolicyRequest } from '../io/policy-server/request.js'
import { PolicyServer, type ServerCounts } from '../io/policy-server/server.js'
import { type DecisionReply, type HelloReply, jsonPart, type Parts, protocolVersion } from '../io/policy-server/wire.js'
import { workspaceKeysOf } from '../io/workspace-keys.js'
import { expectWorkspaceSeen } from '../io/workspace-view.js'
import { returnLargeBlocks } from '../native/memory.js'
import { projectPath } from '../native/paths.js'
import { expectAddons } from './addons.js'
import type { Config } from './config/schema.js'
import { statusOf } from './predict.js'
import { hostClock, openSession, type Session } from './session.js'
import { realWorkspaceOf } from './settings.js'

/** What `cliport policy serve` is asked for. */
export interface ServeRequest {
  readonly config: Config
  /** tcp://ADDRESS:PORT; port * is any free one. */
  readonly bind: string
  /** Folder of keys; absent: none on loopback, and the user's own beyond it are not taken without being named. */
  readonly keys?: string
  /** Greatest number of requests that wait. */
  readonly queue: number
  readonly signal: AbortSignal
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
  /** Hears where the server listens, once it does. */
  readonly onReady: (ready: ReadyServer) => void
}

/** Where a server listens, and what it serves. */
export interface ReadyServer {
  readonly event: 'ready'
  readonly address: string
  readonly policy: string
  /** Whether clients need keys. */
  readonly keys: boolean
}

/** Memory that waiting requests may hold: a dozen of three cameras at 1280 x 720. */
const queueBytes = 256 * 1024 * 1024
/** A program that waits for its answers has one. */
const requestsOfClient = 8

/**
 * Serves until the signal comes.
 * @throws CliportError USAGE beyond loopback without keys; INPUT_INVALID for an address that cannot be bound;
 *                      POLICY_KEYS_INVALID; those of `openSession`
 */
export async function servePolicy(request: ServeRequest): Promise<ServerCounts> {
  const { config, bind, tell, signal } = request
  expectAddons('memory')
  returnLargeBlocks()
  expectKeysBeyondLoopback(bind, request.keys)
  const keys = request.keys === undefined ? null : await serverKeys(request.keys)
  const session = await openSession(config, { frames: 'given', tell, signal })
  try {
    const server = await PolicyServer.bind({
      address: bind,
      keys,
      limits: { requests: request.queue, requestsOfClient, bytes: queueBytes },
      answer: (asked, queueMs, ending) => answer(session, config, asked, queueMs, ending),
    })
    try {
      request.onReady({
        event: 'ready',
        address: server.address,
        policy: session.ports.policy.info.name,
        keys: keys !== null,
      })
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      return { ...server.counts }
    } finally {
      await server.close()
    }
  } finally {
    await session.close()
  }
}

/** Whoever reaches the socket is answered: without keys only this machine's programs may reach it. */
function expectKeysBeyondLoopback(bind: string, keys: string | undefined): void {
  const [, host] = /^tcp:\/\/(.+):(?:\d+|\*)$/.exec(bind) ?? []
  if (host === undefined) {
    throw new CliportError('USAGE', `Expected an address like tcp://127.0.0.1:7001 for --bind but received '${bind}'`, {
      stage: 'start',
      hint: 'tcp://ADDRESS:PORT, with an address of this machine; port * is any free one',
    })
  }
  if (keys !== undefined || /^127(\.\d{1,3}){3}$/.test(host)) return
  throw new CliportError('USAGE', `${bind} can be reached from other machines, and there are no keys`, {
    stage: 'start',
    hint: 'Add --keys FOLDER (docs/policy-server.md), or listen on 127.0.0.1',
  })
}

async function answer(
  session: Session,
  config: Config,
  asked: PolicyRequest,
  queueMs: number,
  signal: AbortSignal,
): Promise<Parts> {
  const { policy, projector } = session.ports
  const { info } = policy
  if (asked.kind === 'hello') return [jsonPart(helloOf(info, config, asked.expects))]
  const goal = parseGoal(asked.goal)
  const startNs = hostClock.nowNs()
  const sinceMs = () => Number(hostClock.nowNs() - startNs) / 1e6
  const timingMs: Record<string, number> = { queue: queueMs }
  let heightmap: Heightmap
  if (asked.kind === 'heightmap') heightmap = heightmapOf(asked, info)
  else {
    const real = realWorkspaceOf(config)
    const workspace = { ...real, zMinM: asked.zMinM ?? real.zMinM }
    expectWorkspaceSeen(asked.frames, workspace)
    heightmap = await projector.project(asked.frames, workspace)
    timingMs.project = sinceMs()
  }
  return replyOf(goal, await answerTo(asked, policy, heightmap, goal, signal), info, asked.suppress, timingMs)
}

/** As `cliport predict` asks: the pick alone may be judged, and a sentence that is not understood has a proposal too. */
async function answerTo(
  asked: Exclude<PolicyRequest, { kind: 'hello' }>,
  policy: Policy,
  heightmap: Heightmap,
  goal: string,
  signal: AbortSignal,
): Promise<Answer & { readonly proposal: Proposal }> {
  const options = { suppress: asked.suppress, maps: asked.maps, signal }
  if (asked.understand) {
    const { understanding, proposal } = await askPolicy(policy, heightmap, goal, {
      ...options,
      placeOptional: true,
      always: true,
    })
    return { understanding, proposal: proposal! }
  }
  const pickCells = asked.kind === 'heightmap' ? asked.pickCells : null
  const proposal = await policy.propose(heightmap, goal, { ...options, ...(pickCells && { pickCells }) })
  return { understanding: null, proposal }
}

/** @throws CliportError POLICY_SHAPE and the like, naming all that does not fit what the client expects */
function helloOf(info: PolicyInfo, config: Config, expects: Expectations): HelloReply {
  const { units = runtimeUnits, workspace, endEffector, packageSha256 } = expects
  expectFit(
    info.name,
    fitOf(info, {
      units,
      ...(workspace && { workspace }),
      ...(endEffector && { endEffector }),
      ...(packageSha256 && { packageSha256 }),
    }),
  )
  const { version } = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as { version: string }
  return {
    status: 'ok',
    server: { name: 'cliport-edge', version },
    versions: [protocolVersion],
    name: info.name,
    architecture: info.architecture,
    provider: info.provider ?? null,
    package_sha256: info.packageSha256 ?? null,
    units: { ...(info.units ?? runtimeUnits) },
    workspace: workspaceKeysOf(info.workspace),
    ...gridSize(info.workspace),
    frames_z_min_m: realWorkspaceOf(config).zMinM,
    rotations: info.rotations,
    thresholds: { ...info.thresholds },
    end_effectors: info.endEffectors ? [...info.endEffectors] : null,
    lexicon: (info.lexicon as HelloReply['lexicon']) ?? null,
  }
}

function heightmapOf(asked: Extract<PolicyRequest, { kind: 'heightmap' }>, { workspace }: PolicyInfo): Heightmap {
  const { rows, cols, color, heightM, seen } = asked
  return {
    spec: asked.workspace ?? workspace,
    ...{ rows, cols, color, heightM },
    ...(seen && { seen }),
    stampNs: 0n,
  }
}

function replyOf(
  goal: string,
  { understanding, proposal }: Answer & { readonly proposal: Proposal },
  info: PolicyInfo,
  suppress: readonly SuppressedSpot[],
  timingMs: Record<string, number>,
): Parts {
  const answer = { understanding, proposal }
  const decision = decideAnswerAtFirst(answer, info.thresholds)
  const { grasp, maps } = proposal
  const reply: DecisionReply = {
    ...statusOf(answer, info.thresholds),
    decision: decision.kind === 'conclude' ? decision.outcome : 'act',
    goal,
    package_sha256: info.packageSha256 ?? null,
    understood: understanding && (withoutCells(understanding) as Record<string, unknown>),
    pick: poseOf(proposal.pick),
    place: poseOf(proposal.place),
    remaining: proposal.remaining,
    found: proposal.found,
    known_words: proposal.knownWords,
    ...(grasp && {
      grasp: {
        ...(grasp.widthM !== undefined && { width_m: grasp.widthM }),
        ...(grasp.tiltRad && { tilt_rad: [...grasp.tiltRad] as [number, number] }),
      },
    }),
    suppressed: suppress.map(({ pixel, radiusM }) => ({ pixel: [...pixel] as [number, number], radius_m: radiusM })),
    maps: maps ? ['pick', 'place'] : [],
    timing_ms: { ...timingMs, ...proposal.timingMs },
  }
  return [jsonPart(reply), ...(maps ? [maps.pick, maps.place].map(bytesOf) : [])]
}

function poseOf({ p_base_m, yawRad, pixel, probability }: Affordance) {
  const [x, y, z] = p_base_m
  return {
    p_base_m: [x, y, z] as [number, number, number],
    yaw_rad: yawRad,
    pixel: [...pixel] as [number, number],
    probability,
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

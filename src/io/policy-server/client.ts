// The Policy port on a policy server in another process.

import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import { CliportError, type ErrorCode, errorCodes } from '../../control/errors.js'
import { gridSize, pointOf } from '../../control/geometry.js'
import type { Policy, PolicyInfo, ProposeOptions } from '../../control/ports.js'
import type { Affordance, Heightmap, Proposal } from '../../control/types.js'
import { expectHeightmapOf } from '../policy/heightmap-of-policy.js'
import { describeIssues } from '../schema-issues.js'
import { heightmapSpecOf, workspaceKeysOf } from '../workspace-keys.js'
import { Exchange } from './exchange.js'
import type { ClientKeys } from './keys.js'
import {
  type DecisionReply,
  decisionReplySchema,
  type ErrorReply,
  type HelloReply,
  helloReplySchema,
  jsonPart,
  type Parts,
  protocolVersion,
} from './wire.js'

/** Where a server is, and how long to wait for it. */
export interface ServerPolicyOptions {
  /** tcp://HOST:PORT */
  readonly address: string
  /** null: the server wants none, which only loopback may have. */
  readonly keys: ClientKeys | null
  /** For one reply; a busy server is asked again until then. */
  readonly timeoutMs: number
}

/** Between two tries at a busy server, milliseconds. */
const busyPauseMs = 20

export class ServerPolicy implements Policy {
  readonly info: PolicyInfo
  readonly #exchange: Exchange
  readonly #timeoutMs: number

  private constructor(exchange: Exchange, hello: HelloReply, timeoutMs: number) {
    this.info = infoOf(hello)
    this.#exchange = exchange
    this.#timeoutMs = timeoutMs
  }

  /**
   * Connects and shakes hands.
   * @throws CliportError POLICY_UNAVAILABLE when nobody answers, POLICY_AUTH_FAILED, POLICY_PROTOCOL for what is no policy
   * server of this version
   */
  static async connect({ address, keys, timeoutMs }: ServerPolicyOptions): Promise<ServerPolicy> {
    const exchange = new Exchange(address, keys, timeoutMs)
    try {
      const [json] = await exchange.request([jsonPart({ version: protocolVersion, hello: true })])
      const hello = read(address, json, helloReplySchema)
      const { rows, cols } = gridSize(heightmapSpecOf(hello.workspace))
      if (rows !== hello.rows || cols !== hello.cols) {
        throw nonsense(address, `its workspace has ${rows} x ${cols} cells, it says ${hello.rows} x ${hello.cols}`)
      }
      return new ServerPolicy(exchange, hello, timeoutMs)
    } catch (error) {
      exchange.close()
      throw error
    }
  }

  /**
   * As the port says; poses are made of the pixels here, on this heightmap.
   * @throws CliportError POLICY_UNAVAILABLE, POLICY_AUTH_FAILED, POLICY_PROTOCOL; POLICY_CHECKSUM when the server has
   * another package than at the handshake; what the server answers with a code of
   * this runtime
   */
  async propose(heightmap: Heightmap, goal: string, options: ProposeOptions = {}): Promise<Proposal> {
    const { signal, suppress = [], pickCells, maps = false } = options
    signal?.throwIfAborted()
    expectHeightmapOf(this.info, heightmap)
    const { rows, cols, color, heightM, seen } = heightmap
    const header = {
      version: protocolVersion,
      goal,
      heightmap: {
        ...{ height: rows, width: cols, workspace: workspaceKeysOf(heightmap.spec) },
        pick_cells: pickCells !== undefined,
      },
      suppress: suppress.map(({ pixel, radiusM }) => ({ pixel, radius_m: radiusM })),
      maps,
      // Whoever asks a Policy has understood the sentence.
      understand: false,
    }
    // Copies: ZeroMQ takes buffers over, and the caller's may be shared with other threads.
    const flags = [seen, pickCells].flatMap((cells) => (cells === undefined ? [] : [Buffer.from(cells)]))
    const parts = [jsonPart(header), Buffer.from(color), bytesOf(heightM), ...flags]
    const startMs = performance.now()
    const [json, ...rest] = await this.#ask(parts, signal)
    const roundTripMs = performance.now() - startMs
    return this.#proposalOf(heightmap, read(this.#exchange.address, json, decisionReplySchema), rest, roundTripMs)
  }

  async close(): Promise<void> {
    this.#exchange.close()
  }

  async #ask(parts: Parts, signal: AbortSignal | undefined): Promise<Parts> {
    const untilMs = performance.now() + this.#timeoutMs
    for (;;) {
      const reply = await this.#exchange.request(parts, signal, untilMs - performance.now())
      const error = errorOf(reply[0])
      if (error?.code !== 'BUSY' || performance.now() + busyPauseMs > untilMs) return reply
      await pause(busyPauseMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted())
    }
  }

  /** Only the package of the handshake was compared with this machine. */
  #expectSamePackage(received: string | null): void {
    const expected = this.info.packageSha256 ?? null
    if (received === expected) return
    throw new CliportError(
      'POLICY_CHECKSUM',
      `Expected a decision of the package ${expected} from ${this.#exchange.address} but received one of ${received}: ` +
        'the server was started again with another package',
      {
        stage: 'propose',
        hint: 'Start again: the new package is then compared with this machine (cliport policy info)',
      },
    )
  }

  #proposalOf(heightmap: Heightmap, reply: DecisionReply, rest: Parts, roundTripMs: number): Proposal {
    const { address } = this.#exchange
    this.#expectSamePackage(reply.package_sha256)
    const { pick, place, remaining, found, known_words: knownWords, grasp, timing_ms: timingMs } = reply
    if (!pick || !place || remaining === undefined || found === undefined || knownWords === undefined) {
      throw nonsense(address, `it answered ${reply.decision} without a proposal: ${reply.reason}`)
    }
    const poseOf = ({ pixel, yaw_rad: yawRad, probability }: typeof pick): Affordance => {
      if (pixel[0] >= heightmap.rows || pixel[1] >= heightmap.cols)
        throw nonsense(address, `pixel ${pixel} is off the map`)
      return { pixel, p_base_m: pointOf(heightmap, pixel), yawRad, probability }
    }
    return {
      pick: poseOf(pick),
      place: poseOf(place),
      ...{ remaining, found, knownWords },
      ...(grasp && {
        grasp: {
          ...(grasp.width_m !== undefined && { widthM: grasp.width_m }),
          ...(grasp.tilt_rad && { tiltRad: grasp.tilt_rad }),
        },
      }),
      ...mapsOf(address, heightmap, reply.maps, rest),
      timingMs: { ...timingMs, round_trip: roundTripMs },
    }
  }
}

/** Little-endian, as every processor that Node runs on; a copy. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength))
}

function infoOf(hello: HelloReply): PolicyInfo {
  const { name, architecture, rotations, thresholds, units, lexicon } = hello
  return {
    ...{ name, architecture, rotations, thresholds, units },
    workspace: heightmapSpecOf(hello.workspace),
    ...(hello.end_effectors && { endEffectors: hello.end_effectors }),
    ...(lexicon && { lexicon }),
    ...(hello.provider !== null && { provider: hello.provider }),
    ...(hello.package_sha256 !== null && { packageSha256: hello.package_sha256 }),
  }
}

function mapsOf(
  address: string,
  { rows, cols }: Heightmap,
  names: readonly string[],
  parts: Parts,
): Pick<Proposal, 'maps'> {
  if (names.length === 0) return {}
  const map = (name: string) => {
    const part = parts[names.indexOf(name)]
    if (part?.byteLength !== 4 * rows * cols) throw nonsense(address, `its map '${name}' is missing or of another size`)
    return new Float32Array(Uint8Array.from(part).buffer)
  }
  return { maps: { pick: map('pick'), place: map('place') } }
}

/** @throws CliportError what the server answers; POLICY_PROTOCOL for what is none of its messages */
function read<T extends z.ZodObject>(address: string, part: Uint8Array | undefined, schema: T): z.infer<T> {
  const error = errorOf(part)
  if (error !== null) throw refusal(address, error)
  const parsed = schema.safeParse(jsonOf(part))
  if (parsed.success) return parsed.data
  throw nonsense(address, describeIssues(parsed.error, schema).slice(0, 4).join('; '))
}

function errorOf(part: Uint8Array | undefined): ErrorReply['error'] | null {
  const { error } = (jsonOf(part) ?? {}) as Partial<ErrorReply>
  if (typeof error !== 'object' || error === null) return null
  const { code = 'UNEXPECTED', message = '', hint = '', retryable = false } = error
  return { code, message: `${message}`, hint: `${hint}`, retryable: retryable === true }
}

function jsonOf(part: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(part ?? []).toString('utf8'))
  } catch {
    return null
  }
}

function refusal(address: string, { code, message, hint, retryable }: ErrorReply['error']): CliportError {
  const isOwn = (errorCodes as readonly string[]).includes(code)
  const own = isOwn ? (code as ErrorCode) : code === 'BUSY' ? 'POLICY_UNAVAILABLE' : 'POLICY_PROTOCOL'
  return new CliportError(own, `The policy server at ${address} answered ${isOwn ? '' : `${code}: `}${message}`, {
    stage: 'propose',
    hint: hint === '' ? 'docs/policy-server.md' : hint,
    retryable,
  })
}

function nonsense(address: string, what: string): CliportError {
  return new CliportError(
    'POLICY_PROTOCOL',
    `What answers at ${address} is no policy server of this version: ${what}`,
    {
      stage: 'propose',
      hint: `Check the address; both ends must speak version ${protocolVersion} (docs/policy-server.md)`,
    },
  )
}

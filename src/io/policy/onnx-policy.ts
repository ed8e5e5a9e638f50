// The Policy port on a policy package: ONNX Runtime, off the main thread.

import type { CliportError } from '../../control/errors.js'
import { pointOf, wrapRad } from '../../control/geometry.js'
import type { Policy, PolicyInfo, ProposeOptions } from '../../control/ports.js'
import { isSeen } from '../../control/surface.js'
import type { Affordance, Heightmap, Pixel, Proposal, SuppressedSpot } from '../../control/types.js'
import type { Execution, GraphRunner, RoleOutputs } from './graph-runner.js'
import type { GraphSpec } from './graph-spec.js'
import { expectHeightmapOf } from './heightmap-of-policy.js'
import { type GraphName, type Manifest, precisionText, workspaceOf } from './manifest.js'
import { openRunner, type RunnerOptions } from './open-runner.js'
import { loadPackage, type PolicyPackage, packageError } from './package.js'

export type OnnxPolicyOptions = RunnerOptions

type Outputs = RoleOutputs
type SceneGraph = Exclude<GraphName, 'text'>
type Look = (graph: SceneGraph, pick?: BigInt64Array) => Promise<Outputs>

/** Sentences whose text vector is kept; a cell works on one at a time, so a few dozen are plenty. */
const cachedSentences = 64

export class OnnxPolicy implements Policy {
  readonly info: PolicyInfo
  readonly #package: PolicyPackage
  readonly #runner: GraphRunner
  readonly #texts = new Map<string, Float32Array>()

  private constructor(policyPackage: PolicyPackage, runner: GraphRunner) {
    const { manifest, sha256: packageSha256 } = policyPackage
    const { name, architecture, rotations, thresholds, lexicon, units, end_effectors: endEffectors } = manifest
    const workspace = workspaceOf(manifest)
    this.info = {
      ...{ name, architecture, workspace, rotations, thresholds, endEffectors, lexicon, units, packageSha256 },
      provider: runner.execution.provider,
    }
    this.#package = policyPackage
    this.#runner = runner
  }

  /**
   * Loads a package folder, checks it and warms it up.
   * @throws CliportError POLICY_INVALID, POLICY_CHECKSUM, POLICY_SHAPE; ADDON_MISSING when no provider, or
   * no library of ONNX Runtime, can be used; CONFIG_INVALID for an option that the library refuses
   */
  static async load(folder: string, options: OnnxPolicyOptions = {}): Promise<OnnxPolicy> {
    const policyPackage = await loadPackage(folder)
    const runner = await openRunner(policyPackage, options)
    const { provider: used, attempts } = runner.execution
    for (const { provider, reason } of attempts) {
      options.log?.(`policy: ${provider} cannot be used, ${used} runs instead: ${reason}`)
    }
    const precision = precisionText(policyPackage.manifest)
    if (precision !== null) options.log?.(`policy: ${policyPackage.manifest.name} is ${precision}`)
    return new OnnxPolicy(policyPackage, runner)
  }

  /** What computes: the engine, the library, the provider and those that were tried before it. */
  get execution(): Execution {
    return this.#runner.execution
  }

  get manifest(): Manifest {
    return this.#package.manifest
  }

  /**
   * Poses follow the published convention (CLIPort's `pix_to_xyz`): x = xMin + v * pixel, y = yMin + u * pixel, z from
   * the heightmap; rotation index i is a yaw of -i * 360/rotations degrees, relative to the pick's; the package's optional
   * place_turn is added to it. The pick's yaw is that of the optional head grasp_yaw, else 0.
   * @throws CliportError POLICY_SHAPE for another workspace than the package's, INPUT_INVALID for heights that are not
   * finite, POLICY_INVALID when the net's answer makes no sense; the signal's reason on abort
   */
  async propose(heightmap: Heightmap, goal: string, options: ProposeOptions = {}): Promise<Proposal> {
    const { signal } = options
    signal?.throwIfAborted()
    expectHeightmapOf(this.info, heightmap)
    const { tokens, knownWords } = this.#package.tokenizer.encode(goal)
    const timingMs: Record<string, number> = {}
    const text = await this.#textOf(tokens, timingMs, signal)
    const look = async (graph: SceneGraph, pick?: BigInt64Array) => {
      const { inputs, moved } = this.#scene(graph, heightmap, options)
      const feeds = { ...inputs, text, ...(pick && { pick_pixel: pick }) }
      const { outputs, durationMs } = await this.#runner.run(graph, feeds, { signal, moved })
      timingMs[graph] = durationMs
      return outputs
    }
    const outputs = await this.#decide(look)
    const answer = this.#read(outputs)
    const maps = options.maps ? await this.#maps(outputs, look) : undefined
    return {
      pick: poseOf(heightmap, answer.pick, answer.graspYawRad, answer.pickProbability),
      place: poseOf(heightmap, answer.place, answer.placeYawRad, answer.placeProbability),
      remaining: answer.remaining,
      found: answer.found,
      knownWords,
      ...(answer.grasp && { grasp: answer.grasp }),
      ...(maps && { maps: { pick: maps.pick_map as Float32Array, place: maps.place_map as Float32Array } }),
      timingMs,
    }
  }

  async close(): Promise<void> {
    await this.#runner.close()
  }

  /** The answers of one graph or of two, by role. */
  async #decide(look: Look): Promise<Outputs> {
    if (this.manifest.models.decide !== undefined) return look('decide')
    const attention = await look('attention')
    return { ...attention, ...(await look('transport', attention.pick_pixel as BigInt64Array)) }
  }

  /** Pictures of the maps: from a graph of their own, or among what decided; undefined where there are none. */
  async #maps(decided: Outputs, look: Look): Promise<Outputs | undefined> {
    if (this.manifest.models.maps !== undefined) return look('maps')
    return decided.pick_map && decided.place_map ? decided : undefined
  }

  /** Copies of what a graph sees, handed over: ONNX Runtime does not take buffers that may be shared with other threads. */
  #scene(graph: SceneGraph, heightmap: Heightmap, { suppress = [], pickCells }: ProposeOptions) {
    const { inputs: wanted }: GraphSpec = this.manifest.models[graph]!
    const inputs: Record<string, Float32Array | Uint8Array> = {
      color: heightmap.color.slice(),
      height: heightmap.heightM.slice(),
      ...(wanted.suppress && { suppress: suppressMask(heightmap, suppress, pickCells) }),
      ...(wanted.seen && { seen: seenMask(heightmap) }),
    }
    return { inputs, moved: Object.values(inputs).map(({ buffer }) => buffer) as ArrayBuffer[] }
  }

  async #textOf(
    tokens: BigInt64Array,
    timingMs: Record<string, number>,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const key = tokens.join(' ')
    const cached = this.#texts.get(key)
    if (cached) return cached
    const { outputs, durationMs } = await this.#runner.run('text', { tokens }, { signal })
    timingMs.text = durationMs
    const text = outputs.text as Float32Array
    if (this.#texts.size >= cachedSentences) this.#texts.delete(this.#texts.keys().next().value!)
    this.#texts.set(key, text)
    return text
  }

  /** The graph's outputs as numbers. What no trained net can say is said to be so. */
  #read(outputs: Outputs) {
    const { rows, cols, rotations } = this.#package.manifest
    const integers = (name: string, ...limits: number[]) =>
      limits.map((limit, index) => {
        const value = Number(outputs[name]?.[index])
        if (!(Number.isInteger(value) && value >= 0 && value < limit))
          throw this.#nonsense(name, value, `0..${limit - 1}`)
        return value
      })
    const probability = (name: string, otherwise?: number) => {
      const value = Number(outputs[name]?.[0] ?? otherwise)
      if (!(value >= 0 && value <= 1)) throw this.#nonsense(name, value, '0..1')
      return value
    }
    const angle = (name: string) => (outputs[name] === undefined ? 0 : this.#angleRad(name, outputs[name][0]))
    return {
      pick: integers('pick_pixel', rows, cols) as [number, number],
      place: integers('place_pixel', rows, cols) as [number, number],
      placeYawRad: yawOf(integers('place_rotation', rotations)[0]!, rotations, angle('place_turn')),
      graspYawRad: angle('grasp_yaw'),
      grasp: this.#graspOf(outputs),
      pickProbability: probability('pick_probability'),
      placeProbability: probability('place_probability'),
      // The published networks cannot tell: for them a thing is always there and something always remains to be done.
      remaining: probability('remaining', 1),
      found: probability('found', 1),
    }
  }

  #angleRad(name: string, output: number | bigint | undefined): number {
    const angleRad = Number(output)
    if (!(Math.abs(angleRad) <= Math.PI)) throw this.#nonsense(name, angleRad, '-pi..pi')
    return angleRad
  }

  /** What the optional heads say of the grasp; absent where the package has neither. */
  #graspOf({ grasp_width: width, tilt }: Outputs): Proposal['grasp'] {
    if (width === undefined && tilt === undefined) return undefined
    const widthM = width && Number(width[0])
    if (widthM !== undefined && !(widthM >= 0 && Number.isFinite(widthM))) {
      throw this.#nonsense('grasp_width', widthM, '0 or more')
    }
    const tiltRad = tilt && ([this.#angleRad('tilt', tilt[0]), this.#angleRad('tilt', tilt[1])] as const)
    return { ...(widthM !== undefined && { widthM }), ...(tiltRad && { tiltRad }) }
  }

  #nonsense(name: string, value: number, expected: string): CliportError {
    return packageError(
      'POLICY_INVALID',
      this.#package.folder,
      `the net answered ${name} = ${value}, expected ${expected}`,
      'Its weights are broken: use another package, or train and export it again (models/README.md)',
    )
  }
}

/** rows x cols: 1 within a suppressed spot and where a pick may not be, else 0. @param pickCells 1 where it may */
export function suppressMask(
  heightmap: Heightmap,
  spots: readonly SuppressedSpot[],
  pickCells?: Uint8Array,
): Float32Array {
  const { rows, cols, spec } = heightmap
  const mask = new Float32Array(rows * cols)
  if (pickCells !== undefined) for (let i = 0; i < mask.length; i++) mask[i] = pickCells[i] === 1 ? 0 : 1
  for (const { pixel, radiusM } of spots) {
    const radius = radiusM / spec.pixelM
    const reach = Math.ceil(radius)
    for (let u = Math.max(0, pixel[0] - reach); u <= Math.min(rows - 1, pixel[0] + reach); u++) {
      for (let v = Math.max(0, pixel[1] - reach); v <= Math.min(cols - 1, pixel[1] + reach); v++) {
        if (Math.hypot(u - pixel[0], v - pixel[1]) <= radius) mask[u * cols + v] = 1
      }
    }
  }
  return mask
}

/** rows x cols: 1 where a camera saw something, else 0. */
export function seenMask(heightmap: Heightmap): Uint8Array {
  const mask = new Uint8Array(heightmap.rows * heightmap.cols)
  for (let i = 0; i < mask.length; i++) mask[i] = isSeen(heightmap, i) ? 1 : 0
  return mask
}

/** Yaw of rotation index i, -i * 2 pi / rotations, and of a turn beyond it, in (-pi, pi]. */
export function yawOf(index: number, rotations: number, turnRad = 0): number {
  return wrapRad((-2 * Math.PI * index) / rotations + turnRad)
}

function poseOf(heightmap: Heightmap, pixel: Pixel, yawRad: number, probability: number): Affordance {
  return { pixel, p_base_m: pointOf(heightmap, pixel), yawRad, probability }
}

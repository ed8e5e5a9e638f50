// The link under measurement: round trips beside plain C++, age of the state, time from a stop to its effect.

import { setTimeout as sleep } from 'node:timers/promises'
import { LinkClient } from '../io/link/client.js'
import { decodeReply, decodeState } from '../io/link/codec.js'
import { EventKind, Mode } from '../io/link/gen/link_pb.js'
import { ZmqTransport } from '../io/link/zmq-transport.js'
import type { Config } from '../runtime/config/schema.js'
import { type Durations, StageHistograms } from '../runtime/durations.js'
import { recover } from '../runtime/link/manual-motion.js'
import { type Machine, machine, watchProcessors } from '../runtime/machine.js'
import { startLoad } from './load.js'
import { type RoundTripKind, startController, startNativePeer } from './processes.js'
import { RoundTrips } from './round-trips.js'
import { Sweep, sidewards } from './sweep.js'

export interface LinkBenchRequest {
  readonly messages: number
  readonly stops: number
  /** How long the arm moves under inference load in search of stops that nobody asked for; 0: not at all. */
  readonly soakSeconds: number
  readonly config: Config
  readonly command: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

interface Pair {
  readonly node_cpp: Durations
  readonly cpp_cpp: Durations
  readonly ratio_p50: number
}

interface Soak {
  readonly seconds: number
  readonly moves: number
  readonly decisions: number
  readonly processors_busy: number
  readonly unrequested_stops: number
  readonly reasons: readonly string[]
}

/** The stable JSON of `cliport bench link`; durations in milliseconds. */
export interface LinkBenchReport extends Pair {
  /** The same for pings, which the sockets' thread answers without the control loop: the bare transport. */
  readonly ping: Pair
  /** Of every state at its arrival in the runtime, while the policy decides without a pause. */
  readonly state_age: Durations
  readonly state_interval: Durations
  readonly stop_to_deceleration: Durations
  /** Of the moves that were to be stopped: those that ended for another reason. */
  readonly unrequested_stops: number
  readonly unrequested_reasons: readonly string[]
  readonly decisions: number
  readonly processors_busy: number
  readonly steal_ms: number
  readonly soak?: Soak
  readonly machine: Machine
}

const batchSize = 500
const warmUp = 500

/** @throws CliportError ADDON_MISSING, LINK_ABSENT, or what the policy throws */
export async function benchLink(request: LinkBenchRequest): Promise<LinkBenchReport> {
  request.signal.throwIfAborted()
  const { stops, soakSeconds, messages, config, command, tell } = request
  const about = machine(command)
  const controller = await startController({ realtime: true })
  const processors = watchProcessors()
  try {
    tell(`${messages} commands and ${messages} pings, from Node and from C++ in turn`)
    const commands = await compare(controller.address, 'command', request)
    const ping = await compare(controller.address, 'ping', request)
    const load = await startLoad(config, { rendering: false })
    try {
      tell(`${stops} stops while the policy decides without a pause`)
      const measured = await measureStops(controller.address, request)
      const { decisions } = load
      if (soakSeconds > 0) tell(`${soakSeconds} s of moves under the same load`)
      const soak = soakSeconds > 0 ? await searchForStops(controller.address, load, request) : undefined
      const { busy, steal_ms } = processors()
      return {
        ...commands,
        ping,
        ...measured,
        decisions,
        processors_busy: busy,
        steal_ms,
        ...(soak && { soak }),
        machine: about,
      }
    } finally {
      await load.end()
    }
  } finally {
    await controller.kill()
  }
}

/** In turn, batch by batch, so that both meet the same machine. */
async function compare(address: string, kind: RoundTripKind, { messages, signal }: LinkBenchRequest): Promise<Pair> {
  const histograms = new StageHistograms()
  const transport = new ZmqTransport(address)
  const native = startNativePeer(address)
  try {
    const node = new RoundTrips(transport)
    await node.connect()
    const peers = { node_cpp: node, cpp_cpp: native }
    for (const peer of Object.values(peers)) await peer.batch(kind, warmUp)
    for (let sent = 0; sent < messages; sent += batchSize) {
      signal.throwIfAborted()
      for (const [name, peer] of Object.entries(peers)) {
        const durationsUs = await peer.batch(kind, Math.min(batchSize, messages - sent))
        for (const us of durationsUs) histograms.observe(name, us / 1e3)
      }
    }
  } finally {
    await native.end()
    await transport.close()
  }
  const node_cpp = histograms.of('node_cpp')
  const cpp_cpp = histograms.of('cpp_cpp')
  return { node_cpp, cpp_cpp, ratio_p50: node_cpp.p50 / cpp_cpp.p50 }
}

/** The runtime's transport, which also notes when states arrive and when the arm begins to stop. */
class MeasuringTransport extends ZmqTransport {
  readonly histograms = new StageHistograms()
  #lastStateNs = 0n
  /** Controller's time of the cycle in which the arm last began to stop. */
  stoppingNs = 0n

  override onReply(handler: (reply: Uint8Array) => void): void {
    super.onReply((bytes) => {
      const { body } = decodeReply(bytes)
      if (body.case === 'event' && body.value.kind === EventKind.EVENT_MODE && body.value.mode === Mode.STOPPING) {
        this.stoppingNs = body.value.stampNs
      }
      handler(bytes)
    })
  }

  override onState(handler: (state: Uint8Array) => void): void {
    super.onState((bytes) => {
      const nowNs = process.hrtime.bigint()
      // The same machine, so the controller's clock is this process's: CLOCK_MONOTONIC.
      this.histograms.observe('state_age', Number(nowNs - decodeState(bytes).stampNs) / 1e6)
      if (this.#lastStateNs > 0n) this.histograms.observe('state_interval', Number(nowNs - this.#lastStateNs) / 1e6)
      this.#lastStateNs = nowNs
      handler(bytes)
    })
  }
}

/** From the call of `stop` to the cycle that brakes, whose first reference is already slower (controller.cpp). */
async function measureStops(address: string, { stops, config, signal }: LinkBenchRequest) {
  const transport = new MeasuringTransport(address)
  const link = await LinkClient.connect(transport)
  const reasons: string[] = []
  try {
    for (let i = 0; i < stops; i++) {
      signal.throwIfAborted()
      await link.arm()
      let ended = false
      const execution = link.execute(sidewards(link, config)).finally(() => {
        ended = true
      })
      while (!ended && link.state?.mode !== 'moving') await sleep(2)
      await sleep(60 + 60 * Math.random()) // at speed, and in no step with the loop
      const calledNs = process.hrtime.bigint()
      await link.stop('a benchmark')
      const { status, reason } = await execution
      if (reason.startsWith('stop_requested')) {
        transport.histograms.observe('stop', Number(transport.stoppingNs - calledNs) / 1e6)
      } else reasons.push(`${status}: ${reason}`)
      // This arm is simulated: after a fault its robot recovers first, as a real one does.
      await recover(link, signal)
    }
  } finally {
    await link.close()
  }
  return {
    state_age: transport.histograms.of('state_age'),
    state_interval: transport.histograms.of('state_interval'),
    stop_to_deceleration: transport.histograms.of('stop'),
    unrequested_stops: reasons.length,
    unrequested_reasons: reasons,
  }
}

async function searchForStops(
  address: string,
  load: { readonly decisions: number },
  { soakSeconds, config, signal }: LinkBenchRequest,
): Promise<Soak> {
  const processors = watchProcessors()
  const decisionsBefore = load.decisions
  const sweep = await Sweep.start(address, config)
  await sleep(soakSeconds * 1000, undefined, { signal }).finally(() => sweep.end())
  return {
    seconds: soakSeconds,
    moves: sweep.moves,
    decisions: load.decisions - decisionsBefore,
    processors_busy: processors().busy,
    unrequested_stops: sweep.interruptions.length,
    reasons: sweep.interruptions,
  }
}

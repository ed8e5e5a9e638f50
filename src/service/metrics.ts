// What Prometheus scrapes (`/metrics`): base units, names as docs/service.md lists them. Gauges are read when asked for.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { modes } from './api.js'
import type { Service } from './service.js'

/** From the fastest stage (a decision's bookkeeping) to the slowest (a motion), seconds. */
const stageBucketsS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]

export class Metrics {
  readonly #registry = new Registry()
  readonly #stages: Histogram<'stage'>
  readonly #goals: Counter<'outcome'>
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #delay = monitorEventLoopDelay({ resolution: 10 })
  #service: Service | null = null

  constructor(version: string) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#stages = new Histogram({
      name: 'cliport_stage_duration_seconds',
      help: 'Time of each stage of the cycle',
      labelNames: ['stage'],
      buckets: stageBucketsS,
      registers,
    })
    this.#goals = new Counter({
      name: 'cliport_goals_total',
      help: 'Goals that have ended, by outcome',
      labelNames: ['outcome'],
      registers,
    })
    this.#requests = new Counter({
      name: 'cliport_http_requests_total',
      help: 'Requests that were answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#addGauges(registers)
    new Gauge({ name: 'cliport_build_info', help: '1, with the version', labelNames: ['version'], registers }).set(
      { version },
      1,
    )
    this.#delay.enable()
  }

  /** The service whose state the gauges read. */
  observe(service: Service): void {
    this.#service = service
  }

  stage(stage: string, durationMs: number): void {
    this.#stages.observe({ stage }, durationMs / 1000)
  }

  goalEnded(outcome: string): void {
    this.#goals.inc({ outcome })
  }

  request(method: string, route: string, status: number): void {
    this.#requests.inc({ method, route, status: `${status}` })
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  end(): void {
    this.#delay.disable()
  }

  #addGauges(registers: Registry[]): void {
    const gauge = (name: string, help: string, read: (service: Service) => number) => {
      const service = () => this.#service
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const now = service()
          if (now !== null) this.set(read(now))
        },
      })
    }
    gauge('cliport_goals_unfinished', 'Goals that wait or run', ({ queue }) => queue.unfinished.length)
    gauge('cliport_armed', '1 while a person has armed', ({ runner }) => Number(runner.session.armed))
    gauge('cliport_clients', 'Connections to /api/events', ({ hub }) => hub.size)
    gauge(
      'cliport_client_pictures_dropped',
      'Pictures that slow clients did not get, since the start',
      ({ hub }) => hub.dropped,
    )
    gauge('cliport_recordings_bytes', 'Size of the kept recordings', ({ ring }) => ring.bytes)
    gauge('cliport_robot_state_age_seconds', "Age of the arm's newest state", (service) => {
      const ageMs = service.state().robot?.age_ms
      return ageMs === undefined ? Number.NaN : ageMs / 1000
    })
    this.#addLabelledGauges(registers)
  }

  #addLabelledGauges(registers: Registry[]): void {
    const service = () => this.#service
    new Gauge({
      name: 'cliport_session_mode',
      help: '1 for the mode that holds, 0 for the others',
      labelNames: ['mode'],
      registers,
      collect() {
        const mode = service()?.runner.session.mode
        for (const one of modes) this.set({ mode: one }, Number(one === mode))
      },
    })
    new Gauge({
      name: 'cliport_camera_frame_age_seconds',
      help: "Age of each camera's newest frame",
      labelNames: ['camera'],
      registers,
      collect() {
        this.reset()
        for (const { name, age_ms } of service()?.live.cameras() ?? []) {
          if (age_ms !== null) this.set({ camera: name }, age_ms / 1000)
        }
      },
    })
    const delay = this.#delay
    new Gauge({
      name: 'cliport_event_loop_delay_seconds',
      help: 'Longest delay of the thread that sends heartbeats, since the last scrape',
      registers,
      collect() {
        this.set(delay.max / 1e9)
        delay.reset()
      },
    })
  }
}

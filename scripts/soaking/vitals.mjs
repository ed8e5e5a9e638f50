// What the processes of a soak take, once a minute, and how it grows.

import { readdir, readFile, statfs } from 'node:fs/promises'
import { loadavg } from 'node:os'

/** Resident memory in MiB, threads and open descriptors of a process. */
async function processFacts(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const number = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    rss_mib: number('VmRSS') / 1024,
    threads: number('Threads'),
    fds: (await readdir(`/proc/${pid}/fd`)).length,
  }
}

/** Gauges without labels of the service's /metrics. */
async function metricsOf({ url, token }) {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const gauges = {}
  for (const line of (await answer.text()).split('\n')) {
    const [, name, value] = /^(\w+) (\S+)$/.exec(line) ?? []
    if (name !== undefined) gauges[name] = Number(value)
  }
  return gauges
}

export class Vitals {
  samples = []
  #startedMs = Date.now()

  get minutes() {
    return (Date.now() - this.#startedMs) / 60_000
  }

  /** Never throws: a process that ends meanwhile has no sample. */
  async take({ life, service, controller, disk, token, ledger }) {
    try {
      const serve = await processFacts(service.pid)
      const gauges = await metricsOf({ url: service.url, token })
      const { blocks, bfree, bsize } = await statfs(disk)
      this.samples.push({
        minute: this.minutes,
        life,
        load: loadavg()[0],
        serve: {
          ...serve,
          heap_mib: gauges.nodejs_heap_size_used_bytes / 2 ** 20,
          external_mib: gauges.nodejs_external_memory_bytes / 2 ** 20,
        },
        controller: controller === null ? null : await processFacts(controller.pid),
        loop_delay_ms: gauges.cliport_event_loop_delay_seconds * 1000,
        clients: gauges.cliport_clients,
        pictures_dropped: gauges.cliport_client_pictures_dropped,
        recordings_mb: gauges.cliport_recordings_bytes / 1e6,
        disk_mb: ((blocks - bfree) * bsize) / 1e6,
        done: ledger.done,
        achieved: ledger.achieved,
      })
    } catch {}
  }

  /** Growth an hour over the last hour of the last life, by least squares, with its standard error. */
  trend(read) {
    const last = this.samples.at(-1)
    if (last === undefined) return null
    const span = this.samples.filter(({ life, minute }) => life === last.life && minute > last.minute - 60)
    const points = span.map((sample) => [sample.minute / 60, read(sample)])
    if (points.length < 5) return null
    const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length
    const [meanX, meanY] = [mean(0), mean(1)]
    const sxx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
    const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / sxx
    const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
    return {
      over_minutes: last.minute - span[0].minute,
      samples: points.length,
      mean: meanY,
      least: Math.min(...points.map(([, y]) => y)),
      greatest: Math.max(...points.map(([, y]) => y)),
      per_hour: slope,
      standard_error: Math.sqrt(rest / (points.length - 2) / sxx),
    }
  }
}

/** How long the whole soak stood still, because somebody stopped all of it. */
export class Standstill {
  #lastMs = performance.now()
  #overMs = Number.NEGATIVE_INFINITY
  seconds = 0

  constructor() {
    setInterval(() => this.#tick(), 1000).unref()
  }

  /** Whether it went on a moment ago. */
  isJustOver() {
    this.#tick()
    return performance.now() - this.#overMs < 10_000
  }

  #tick() {
    const nowMs = performance.now()
    const goneMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    if (goneMs < 20_000) return
    this.seconds += goneMs / 1000
    this.#overMs = nowMs
  }
}

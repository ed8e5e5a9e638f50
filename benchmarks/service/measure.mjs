// What the service, two browsers and the recording cost the arm: the 1 kHz loop, the stop and the decision, with all of them
// and without, one after the other in the same run. Both move a cliport-controller's simulated arm by what they see in the
// simulated cell, and stop it in mid-move.
//   node benchmarks/service/measure.mjs [--rounds 1] [--stops 12] [--out benchmarks/service/results.json]
// Needs `make setup` and Debian's chromium; on a machine that does nothing else.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { LinkClient } from '../../dist/io/link/client.js'
import { EventKind, Mode } from '../../dist/io/link/gen/link_pb.js'
import { mergeConfig } from '../../dist/runtime/config/load.js'
import { recover } from '../../dist/runtime/link/manual-motion.js'
import { connectRobot } from '../../dist/runtime/robot.js'
import { runGoal } from '../../dist/runtime/run-goal.js'
import { openSession } from '../../dist/runtime/session.js'
import { startController, startService } from '../../scripts/soaking/processes.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    stops: { type: 'string', default: '12' },
    out: { type: 'string', default: fileURLToPath(new URL('results.json', import.meta.url)) },
  },
})
const stops = Number(values.stops)
const scene = { task: 'put-block-in-bowl-seen-colors', seed: 3, sentence: 'put the red blocks in a green bowl' }
const folder = mkdtempSync(join(tmpdir(), 'cliport-measure-'))
process.env.CLIPORT_ROBOT_KEYS = join(folder, 'keys')
const onSurprise = (line) => {
  throw new Error(line)
}

/** Hears from the controller itself when it began to stop; the same machine, so its clock is this process's. */
async function observe(address) {
  const config = mergeConfig(null, {}, { 'robot.link': address })
  const link = await connectRobot(config)
  if (!(link instanceof LinkClient)) throw new Error(`${address} is no cliport-controller`)
  let stoppingNs = 0n
  link.watchEvents(({ kind, mode, stampNs }) => {
    if (kind === EventKind.EVENT_MODE && mode === Mode.STOPPING) stoppingNs = stampNs
  })
  return {
    link,
    /** Until the arm has moved for a moment on what was planned, in no step with the loop. */
    async untilMoving(isPlanned) {
      for (let i = 0; !(await isPlanned()) || link.state?.mode !== 'moving'; i++) {
        if (i > 3000) throw new Error('the arm never moved')
        await sleep(20)
      }
      await sleep(100 + 100 * Math.random())
    },
    /** From the call of `stop` to the cycle that brakes, ms; null: the arm had ended by itself. */
    async stopped(stop) {
      const before = stoppingNs
      const calledNs = process.hrtime.bigint()
      await stop()
      for (let i = 0; i < 500 && stoppingNs === before; i++) await sleep(2)
      return stoppingNs > calledNs ? Number(stoppingNs - calledNs) / 1e6 : null
    },
  }
}

/** The cycle alone in this process: no service, nobody who looks, nothing recorded. */
async function withoutService(address, measured) {
  const config = mergeConfig(null, {}, { 'robot.link': address })
  const cell = {
    thread: 'worker',
    policy: 'package',
    scene: { ...scene, goal: scene.sentence, clock: 'paced', link: 'robot' },
  }
  const session = await openSession(config, { cell, tell: () => {} })
  const observer = await observe(address)
  const { link } = session.scene.ports
  let isPlanned = false
  const meter = {
    observe(stage, ms) {
      measured.stage(stage, ms)
      if (stage === 'check') isPlanned = true
    },
  }
  try {
    for (let i = 0; i < stops; i++) {
      isPlanned = false
      const running = runGoal(scene.sentence, { ...session.ports, ...session.scene.ports }, session.settings, { meter })
      await observer.untilMoving(() => isPlanned)
      measured.stop(await observer.stopped(() => link.stop('a benchmark')))
      await running
      await recover(link, AbortSignal.timeout(60_000))
    }
  } finally {
    await observer.link.close()
    await session.close()
  }
}

/** `cliport serve` with recording, and two browsers that show its page. */
async function withService(address, measured) {
  const disk = join(folder, `disk-${Date.now()}`)
  const service = await startService({ folder, disk, robot: address, scene, recordingsGb: 1, onSurprise })
  const observer = await observe(address)
  const token = readFileSync(join(service.state, 'token'), 'utf8').trim()
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const args = ['--no-sandbox', '--enable-unsafe-swiftshader']
  const browsers = await Promise.all([0, 1].map(() => chromium.launch({ executablePath, args })))
  const { client } = service
  try {
    for (const browser of browsers) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } })
      await page.goto(`${service.url}/#token=${token}`)
      await page.locator('canvas[data-picture="camera/front"][data-clock-ms]').waitFor()
    }
    for (let i = 0; i < stops; i++) {
      await client.arm()
      const { id } = await client.add(scene.sentence)
      await observer.untilMoving(async () => {
        const { turn } = await client.state()
        return turn?.goal_id === id && turn.plan !== null
      })
      measured.stop(await observer.stopped(() => client.stop('a benchmark')))
      const { report } = await client.ended(id)
      for (const [stage, { p50 }] of Object.entries(report?.stages ?? {})) measured.stage(stage, p50)
      await client.clear()
    }
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()))
    await observer.link.close()
    await service.end('SIGTERM')
  }
}

function samples() {
  const stages = {}
  const stopsMs = []
  let ended = 0
  return {
    stage(name, ms) {
      stages[name] ??= []
      stages[name].push(ms)
    },
    stop(ms) {
      if (ms === null) ended++
      else stopsMs.push(ms)
    },
    result: () => ({
      stop_ms: statisticsOf(stopsMs),
      moves_that_ended_before_the_stop: ended,
      ...Object.fromEntries(
        ['capture', 'project', 'understand', 'propose', 'plan', 'check'].map((name) => [
          `${name}_ms`,
          statisticsOf(stages[name] ?? []),
        ]),
      ),
    }),
  }
}

function statisticsOf(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN).toFixed(2))
  return { n: sorted.length, median: at(0.5), p90: at(0.9), greatest: at(1) }
}

const conditions = { without: withoutService, with: withService }
const rounds = []
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [condition, run] of Object.entries(conditions)) {
    const controller = await startController({ folder, port: null, isRealTime: true, onSurprise })
    const measured = samples()
    const sinceMs = performance.now()
    const load = loadavg()[0]
    try {
      await run(controller.address, measured)
    } finally {
      await controller.end('SIGTERM')
    }
    const loop = JSON.parse(controller.lines.at(-1))
    const { scheduler } = JSON.parse(controller.lines[0])
    const seconds = (performance.now() - sinceMs) / 1000
    rounds.push({
      condition,
      seconds: Number(seconds.toFixed(1)),
      load_before: load,
      scheduler,
      loop,
      ...measured.result(),
    })
    console.error(JSON.stringify(rounds.at(-1)))
  }
}
const result = {
  date: new Date().toISOString(),
  commit: execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim(),
  command: `node benchmarks/service/measure.mjs --rounds ${values.rounds} --stops ${values.stops}`,
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version },
  rounds,
}
mkdirSync(join(values.out, '..'), { recursive: true })
writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`)
rmSync(folder, { recursive: true })
process.exit(0)

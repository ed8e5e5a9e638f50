// One soak: lives of the service one after the other, the first part of the time short ones that end by SIGKILL or SIGTERM,
// the longer rest one long one, in which memory shows whether it grows.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Faults } from './faults.mjs'
import { startController, startService } from './processes.mjs'
import { Reader } from './readers.mjs'

/** Shorter in a soak of less than two hours. */
const longest = { shortLifeMs: 240_000, calmMs: 75_000 }
/** Turns of the person after which a service that has not done a goal has not come back. */
const mostTurnsToRecover = 1500

export class Soak {
  service = null
  controller = null
  readers = []
  lives = []
  faultsMade = []
  #robotPort = null
  #nextVitalsMs = 0
  /** Between the ends of two faults. */
  #calmMs = longest.calmMs

  constructor(parts) {
    Object.assign(this, parts)
  }

  async run(totalMs, isInterrupted) {
    const startMs = performance.now()
    const longFromMs = startMs + 0.4 * totalMs
    const endMs = startMs + totalMs
    const shortLifeMs = Math.min(longest.shortLifeMs, totalMs / 4)
    this.#calmMs = Math.min(longest.calmMs, totalMs / 40)
    for (let index = 0; performance.now() < endMs && !isInterrupted(); index++) {
      const isLong = performance.now() + shortLifeMs / 2 > longFromMs
      const lifeEndMs = isLong ? endMs : Math.min(longFromMs, performance.now() + shortLifeMs)
      // Every third short life has the controller in a process of its own, as the two units do; its arm picks nothing.
      const kind = !isLong && index % 3 === 1 ? 'two processes' : 'cell'
      const signal = index % 2 === 0 ? 'SIGKILL' : 'SIGTERM'
      await this.#live({ index, kind, signal, endMs: lifeEndMs }, isInterrupted)
    }
    // The last word: what a start after all of this finds.
    await this.#begin('cell')
    await this.ledger.audit(this.service.client)
    await this.#endService('SIGTERM')
  }

  async #live({ index, kind, signal, endMs }, isInterrupted) {
    const life = { index, kind, begun_minute: this.vitals.minutes, end: signal }
    this.lives.push(life)
    await this.#begin(kind)
    this.log(`life ${index}: ${kind}, pid ${this.service.pid}`)
    try {
      await this.ledger.audit(this.service.client)
      await this.#keepBusy({ kind, endMs }, isInterrupted)
    } catch (error) {
      // A life that breaks off is a failure; the next one shows what of it lasts.
      this.fail(error.stack)
    }
    const { tookMs } = await this.#endService(signal)
    Object.assign(life, { ended_minute: this.vitals.minutes, end_took_ms: tookMs })
    this.recordings.livesSinceMs = Number.POSITIVE_INFINITY
    await this.recordings.read(false)
  }

  /** Goals, and a fault every few minutes, until the life is over. */
  async #keepBusy({ kind, endMs }, isInterrupted) {
    const faults = new Faults(this)
    const calmMs = this.#calmMs
    let nextFaultMs = performance.now() + calmMs / 2
    let sceneDone = this.ledger.done
    while (performance.now() < endMs && !isInterrupted()) {
      await this.turn()
      if (faults.names.length > 0 && performance.now() > nextFaultMs && endMs - performance.now() > calmMs / 2) {
        await this.#fault(faults)
        nextFaultMs = performance.now() + calmMs
      }
      if (kind === 'cell' && this.ledger.done - sceneDone >= 6) {
        await faults.layAnotherScene()
        sceneDone = this.ledger.done
      }
    }
  }

  async #fault(faults) {
    const made = this.faultsMade
    const fewest = Math.min(...faults.names.map((name) => made.filter((fault) => fault.name === name).length))
    const name = this.person.pick(
      faults.names.filter((one) => made.filter((fault) => fault.name === one).length === fewest),
    )
    const fault = { name, minute: this.vitals.minutes, life: this.lives.length - 1, survived: false }
    made.push(fault)
    this.log(`fault: ${name}`)
    await faults.make(name)
    const sinceMs = Date.now()
    const isBack = () =>
      this.controller === null ? this.ledger.achievedSince(sinceMs) : this.ledger.doneSince(sinceMs)
    const done = this.ledger.done
    let scenes = 1
    for (let i = 0; i < mostTurnsToRecover && !isBack(); i++) {
      await this.turn()
      if (this.controller === null && this.ledger.done - done >= 6 * scenes) {
        scenes++
        await faults.layAnotherScene()
      }
    }
    fault.survived = isBack()
    fault.back_after_s = (Date.now() - sinceMs) / 1000
    if (!fault.survived) this.fail(`no goal was done after ${name}`)
  }

  /** One look of the person, once or twice a second; vitals and recordings once a minute. */
  async turn() {
    const state = await this.#look()
    if (performance.now() > this.#nextVitalsMs) {
      this.#nextVitalsMs = performance.now() + 60_000
      const { service, controller, disk, ledger } = this
      await this.vitals.take({ life: this.lives.length - 1, service, controller, disk, token: this.#token, ledger })
      await this.recordings.read(false)
      this.log(`${ledger.acknowledged} acknowledged, ${ledger.done} done, ${ledger.achieved} achieved`)
    }
    await sleep(400 + 800 * this.random())
    return state
  }

  /** A machine that is busy, or stood still meanwhile (a laptop's lid, SIGSTOP of everything), is no fault of the service. */
  async #look() {
    for (;;) {
      try {
        return await this.person.turn(this.service.client)
      } catch (error) {
        if (!this.service.isAlive || !(this.standstill.isJustOver() || this.person.mayTryAgain(error))) throw error
      }
    }
  }

  get #token() {
    return readFileSync(join(this.service.state, 'token'), 'utf8').trim()
  }

  async #begin(kind) {
    if (kind === 'two processes') await this.beginController()
    const { folder, disk, person, recordingsGb, fail } = this
    person.scene = person.anotherScene()
    const robot = this.controller?.address ?? null
    this.recordings.livesSinceMs = Date.now()
    this.service = await startService({
      folder,
      disk,
      robot,
      recordingsGb,
      scene: person.scene,
      onSurprise: fail,
    })
    if (this.readers.length === 0) {
      this.readers = ['fast', 'slow'].map((pace) => new Reader(this.service.state, pace))
    }
  }

  async beginController() {
    const { folder, fail } = this
    this.controller = await startController({ folder, port: this.#robotPort, onSurprise: fail })
    this.#robotPort = Number(new URL(this.controller.address).port)
  }

  async endController(signal) {
    const { hung } = await this.controller.end(signal)
    if (hung) this.fail('cliport-controller did not end')
  }

  /** The service, and the controller after it. */
  async #endService(signal) {
    const { service, controller } = this
    this.service = null
    const killedMs = Date.now()
    const { tookMs, hung } = await service.end(signal)
    if (hung) this.fail('cliport serve did not end')
    if (signal === 'SIGKILL' || hung) this.recordings.excuse('cut_by_kill', killedMs - 60_000, Date.now() + 1000)
    this.log(`${signal}: ended after ${(tookMs / 1000).toFixed(1)} s`)
    if (controller !== null) {
      await this.endController('SIGTERM')
      this.controller = null
    }
    return { tookMs }
  }

  async end() {
    if (this.service !== null) await this.#endService('SIGTERM')
    // Its service could not be started.
    if (this.controller !== null) await this.endController('SIGTERM')
    this.controller = null
    await this.recordings.read(true)
    this.recordings.end()
    for (const reader of this.readers) reader.end()
    for (const { seen } of this.readers) if (!seen.connections) this.fail(`the ${seen.pace} reader never connected`)
    for (const { seen } of this.readers) for (const gap of seen.gaps ?? []) this.fail(`${seen.pace} reader: ${gap}`)
    const { runs } = this.recordings
    if (runs > this.ledger.starts) this.fail(`${runs} runs have a folder, but only ${this.ledger.starts} were begun`)
  }
}

// The faults of a soak. Each is made while goals run, lasts a while, and ends; what follows is the service's own doing and a
// person's `clear` and `arm`.

import { open, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Turns of the person that an emptied queue, or a fault of the cell, may take before it is left as it is. */
const mostTurns = 400

/** Writes until nothing goes in any more. */
async function fill(path) {
  const file = await open(path, 'w')
  const block = Buffer.alloc(2 ** 20, 1)
  try {
    for (let size = block.length; size >= 4096; ) {
      try {
        const { bytesWritten } = await file.write(block, 0, size)
        if (bytesWritten < size) size = Math.floor(size / 2)
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error
        size = Math.floor(size / 2)
      }
    }
  } finally {
    await file.close()
  }
}

const ofCell = ['camera stalls', 'camera delivers nan', 'camera delivers zero', 'cell controller dies']
const ofController = ['controller SIGKILL', 'controller SIGTERM', 'controller SIGSTOP']
const ofAnyLife = ['connection cut', 'client SIGSTOP', 'half-open connections']
export const faultNames = [...ofCell, ...ofController, 'disk full', ...ofAnyLife]

export class Faults {
  /** @param soak the life of the service: its processes, its person, its readers */
  constructor(soak) {
    this.soak = soak
  }

  /** Names of the faults that this life can have. */
  get names() {
    const { controller, isDiskLimited, onlyFaults } = this.soak
    const all = [
      ...(controller === null ? ofCell : ofController),
      ...(isDiskLimited ? ['disk full'] : []),
      ...ofAnyLife,
    ]
    return onlyFaults === null ? all : all.filter((name) => onlyFaults.includes(name))
  }

  async make(name) {
    switch (name) {
      case 'camera stalls':
        return this.#inCell({ camera: { fault: 'stall', from_capture: 3, only: 'left' } })
      case 'camera delivers nan':
        return this.#inCell({ camera: { fault: 'nan', from_capture: 3 } })
      case 'camera delivers zero':
        return this.#inCell({ camera: { fault: 'zero', from_capture: 3 } })
      case 'cell controller dies':
        return this.#inCell({ kill_controller_at_s: 4 + 10 * this.soak.random() })
      case 'controller SIGKILL':
        return this.#restartController('SIGKILL')
      case 'controller SIGTERM':
        return this.#restartController('SIGTERM')
      case 'controller SIGSTOP':
        return this.#stopped(this.soak.controller)
      case 'disk full':
        return this.#fullDisk()
      case 'connection cut':
        for (const reader of this.soak.readers) reader.cut()
        return
      case 'client SIGSTOP':
        return this.#stopped(this.soak.readers[1], 25_000)
      case 'half-open connections':
        return this.#halfOpen()
      default:
        throw new Error(`no fault is called ${name}`)
    }
  }

  /** A scene with the fault, a goal in it that meets it, and another scene. */
  async #inCell(faults) {
    const { person, service, ledger } = this.soak
    await this.emptyQueue()
    const scene = person.anotherScene()
    if ((await person.act('scene', () => service.client.scene({ ...scene, faults }))) === undefined) return
    person.scene = scene
    const sinceMs = Date.now()
    for (let i = 0; i < mostTurns && !ledger.doneSince(sinceMs); i++) await this.soak.turn()
    await this.#newScene()
  }

  /** Until no goal waits or runs; paused ones may stay. */
  async emptyQueue() {
    const { person } = this.soak
    person.isGiving = false
    for (let i = 0; i < mostTurns; i++) {
      const { session, queue } = await this.soak.turn()
      if (session.running === null && !queue.some(({ state }) => state === 'queued' || state === 'running')) break
    }
    person.isGiving = true
  }

  /** Another scene, without faults; asked for again while the workcell is being opened. */
  async #newScene() {
    const { person, service } = this.soak
    person.isGiving = false
    const scene = person.anotherScene()
    for (let i = 0; i < mostTurns; i++) {
      if ((await person.act('scene', () => service.client.scene(scene))) !== undefined) break
      await this.soak.turn()
    }
    person.scene = scene
    person.isGiving = true
  }

  async layAnotherScene() {
    await this.emptyQueue()
    await this.#newScene()
  }

  async #restartController(signal) {
    await this.soak.endController(signal)
    await this.#turnsFor(3000 + 7000 * this.soak.random())
    await this.soak.beginController()
  }

  async #stopped(who, ms = 2000 + 6000 * this.soak.random()) {
    who.signal('SIGSTOP')
    try {
      await this.#turnsFor(ms)
    } finally {
      who.signal('SIGCONT')
    }
  }

  async #fullDisk() {
    const { disk, recordings } = this.soak
    const ballast = join(disk, 'ballast')
    const end = recordings.excuse('cut_by_full_disk', Date.now() - 2000)
    try {
      await fill(ballast)
      await this.#turnsFor(30_000)
    } finally {
      await rm(ballast, { force: true })
      end(Date.now() + 2000)
    }
  }

  async #halfOpen() {
    const { hostname, port } = new URL(this.soak.service.url)
    const sockets = Array.from({ length: 50 }, () => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write('GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: webs')
      return socket
    })
    await this.#turnsFor(10_000)
    for (const socket of sockets) socket.destroy()
  }

  async #turnsFor(ms) {
    const endMs = performance.now() + ms
    while (performance.now() < endMs) {
      await this.soak.turn()
      await sleep(300)
    }
  }
}

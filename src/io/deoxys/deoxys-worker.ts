// The thread that keeps the deoxys controller supplied: commands at their pace, whatever the main thread computes.
//
// It sends by itself only what holds the arm or finishes the line that it is on; a main thread whose signs of life end in
// mid-plan has the arm stopped (driver.ts), so that this thread hides no stall.

import { createSocket } from 'node:dgram'
import { parentPort, workerData } from 'node:worker_threads'
import { Publisher, Subscriber } from 'zeromq'
import { createKinematics } from '../kinematics.js'
import { DeoxysDriver } from './driver.js'
import type { DeoxysEvent, DeoxysRequest, DeoxysWorkerSettings } from './events.js'

const { address, options, tool, jointMarginRad } = workerData as DeoxysWorkerSettings
const port = parentPort!

/** Ports are bound here, towards the controller only: whoever else reaches them could read the commands. */
async function addressTowards(host: string): Promise<string> {
  const probe = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject)
      probe.connect(9, host, resolve) // sends nothing: only asks the system which way it would go
    })
    return probe.address().address
  } finally {
    probe.close()
  }
}

async function bound(purpose: string, local: string, tcpPort: number): Promise<Publisher> {
  // Commands that a slow peer has no room for are dropped: the newest counts. An old one must not wait for a peer.
  const publisher = new Publisher({ linger: 0, sendHighWaterMark: 2 })
  try {
    await publisher.bind(`tcp://${local}:${tcpPort}`)
  } catch (cause) {
    publisher.close()
    throw new Error(`tcp://${local}:${tcpPort} for the ${purpose} commands is taken`, { cause })
  }
  return publisher
}

/** Only the newest state counts; a queue would hand out old ones after a stall. */
function subscribed(tcpPort: number): Subscriber {
  const subscriber = new Subscriber({ conflate: true, linger: 0, reconnectInterval: 50, reconnectMaxInterval: 500 })
  subscriber.subscribe()
  subscriber.connect(`tcp://${address.host}:${tcpPort}`)
  return subscriber
}

async function read(subscriber: Subscriber, handler: (bytes: Uint8Array) => void): Promise<void> {
  for await (const frames of subscriber) {
    if (frames.length === 1) handler(frames[0]!)
  }
}

/** Nothing waits for it: where this one finds the socket busy, the next one follows. */
async function publish(publisher: Publisher, bytes: Uint8Array): Promise<void> {
  try {
    await publisher.send(bytes)
  } catch {
    // also thrown after the end
  }
}

async function serve(): Promise<void> {
  const kinematics = createKinematics({ tool, jointMarginRad })
  const local = await addressTowards(address.host)
  const armCommands = await bound('arm', local, address.armCommandPort)
  const gripperCommands = await bound('gripper', local, address.gripperCommandPort)
  const armStates = subscribed(address.armStatePort)
  const gripperStates = subscribed(address.gripperStatePort)

  const tell = (event: DeoxysEvent) => {
    port.postMessage(event)
    if (event.kind === 'left') end()
  }
  /** The thread leaves by itself: one that is terminated inside of ZeroMQ takes the whole process with it. */
  const end = () => {
    clearInterval(ticks)
    for (const socket of [armCommands, gripperCommands, armStates, gripperStates]) socket.close()
    port.close()
  }
  const driver = new DeoxysDriver(kinematics, options, tell, process.hrtime.bigint())
  void read(armStates, (bytes) => driver.takeArmState(bytes, process.hrtime.bigint()))
  void read(gripperStates, (bytes) => driver.takeGripperState(bytes))
  const ticks = setInterval(() => {
    const { arm, gripper } = driver.tick(process.hrtime.bigint())
    if (arm !== null) void publish(armCommands, arm)
    if (gripper !== null) void publish(gripperCommands, gripper)
  }, options.tickMs)

  port.on('message', (request: DeoxysRequest) => {
    driver.alive()
    if (request.kind === 'arm') driver.arm(request.id)
    else if (request.kind === 'execute') driver.execute(request.id, request.plan)
    else if (request.kind === 'stop') driver.stop(request.detail)
    else if (request.kind === 'clear') driver.clear(request.id)
    else if (request.kind === 'leave') driver.leave()
  })
  tell({ kind: 'bound' })
}

serve().catch((error: Error) => {
  port.postMessage({ kind: 'unbound', message: error.message } satisfies DeoxysEvent)
  // Not at once: what has just been posted would be lost with the port.
  port.on('message', ({ kind }: DeoxysRequest) => {
    if (kind === 'leave') port.close()
  })
})

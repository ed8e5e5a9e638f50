import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { CellTransport } from '../../src/runtime/cell-link.js'
import { SteppedController, startTolerantController } from '../fixtures/link-peers.js'
import { robotLinkContract } from './robot-link.contract.js'

robotLinkContract('the core in this process, on a virtual clock', async () => {
  const controller = new SteppedController()
  return { transport: () => new CellTransport(controller), close: async () => {} }
})

robotLinkContract('cliport-controller over ZeroMQ', async () => {
  const controller = await startTolerantController()
  return { transport: () => new ZmqTransport(controller.address), close: () => controller.kill() }
})

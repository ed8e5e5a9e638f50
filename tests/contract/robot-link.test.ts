import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { CellTransport } from '../../src/runtime/cell-link.js'
import { SteppedController, startForgivingController } from '../fixtures/link-peers.js'
import { robotLinkContract } from './robot-link.contract.js'

robotLinkContract('the core in this process, on a virtual clock', async () => {
  const controller = new SteppedController()
  return { transport: () => new CellTransport(controller), close: async () => {} }
})

// Tried again when it fails: where this process gets no processor for 100 ms, the controller rightly stops the arm.
robotLinkContract(
  'cliport-controller over ZeroMQ',
  async () => {
    const controller = await startForgivingController()
    return { transport: () => new ZmqTransport(controller.address), close: () => controller.kill() }
  },
  { retry: 2 },
)

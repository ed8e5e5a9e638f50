import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { CellTransport } from '../../src/runtime/cell-link.js'
import { SteppedController, startController } from '../fixtures/link-peers.js'
import { robotLinkContract } from './robot-link.contract.js'

robotLinkContract('the core in this process, on a virtual clock', async () => {
  const controller = new SteppedController()
  return { transport: () => new CellTransport(controller), close: async () => {} }
})

// Tried again when it fails: where this process gets no processor for 100 ms, the controller rightly stops the arm. Without
// real time, because with it a stall of the machine is a fault of the robot: that is for the fault matrix to show.
robotLinkContract(
  'cliport-controller over ZeroMQ',
  async () => {
    const controller = await startController('tcp://127.0.0.1:*', '--no-realtime')
    return { transport: () => new ZmqTransport(controller.address), close: () => controller.kill() }
  },
  { retry: 2 },
)

// The thread of a run's recording: compression and disk, away from the cycle.

import { parentPort, workerData } from 'node:worker_threads'
import { giveBackPriority } from '../worker-priority.js'
import { createMcapWriter, type Order } from './mcap-writer.js'
import { fileSink } from './sink.js'

giveBackPriority()
const { path } = workerData as { path: string }
const takeOrder = createMcapWriter(
  () => fileSink(path),
  (answer) => {
    parentPort!.postMessage(answer)
    if (answer.kind === 'closed') parentPort!.close()
  },
)
parentPort!.on('message', (order: Order) => takeOrder(order))

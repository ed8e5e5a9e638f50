// The worker thread of a cell: answers calls in the order in which their results are ready.

import { parentPort } from 'node:worker_threads'
import { SimulatedCell } from './cell.js'
import { type CellAnswer, type CellCall, type CellMethod, toPlain } from './cell-rpc.js'
import { loadPhysics } from './physics/physics.js'

const port = parentPort
if (!port) throw new Error('cell-worker runs only as a worker thread')

const cell = new SimulatedCell()
// Beside what the caller still has to do before the first reset, which says when it fails.
loadPhysics().catch(() => {})
const hasPictures: ReadonlySet<CellMethod> = new Set(['capture', 'watch', 'observe'])

port.on('message', ({ id, method, args }: CellCall) => {
  const answer = (message: CellAnswer, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const call = async () => (cell[method] as (...args: readonly unknown[]) => Promise<unknown>)(...args)
  call()
    .then((value) => answer({ id, value }, hasPictures.has(method) ? buffersOf(value) : []))
    .catch((error: unknown) => answer({ id, error: toPlain(error) }))
})

/** Pictures are handed over, not copied: nothing here keeps them. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  const visit = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) buffers.add(part.buffer as ArrayBuffer)
    else if (Array.isArray(part)) part.forEach(visit)
    else if (part !== null && typeof part === 'object') Object.values(part).forEach(visit)
  }
  visit(value)
  return [...buffers]
}

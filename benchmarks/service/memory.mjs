// Resident memory of a service whose goals follow one another, with another scene every 20 s and one reader of its events
// and pictures: node benchmarks/service/memory.mjs --minutes 44 [--out FILE]   (after make setup)

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { loadConfig } from '../../dist/runtime/config/load.js'
import { ServiceClient } from '../../dist/service/client/client.js'
import { serve } from '../../dist/service/serve.js'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, out: { type: 'string' } } })
const sentence = 'put the red blocks in a green bowl'
const sceneMs = 20_000
const sampleMs = 60_000

const folder = mkdtempSync(join(tmpdir(), 'cliport-memory-'))
const flags = { 'service.port': 0, 'service.state': folder, 'run.out': join(folder, 'runs') }
const config = await loadConfig({ flags })
const scene = { task: 'put-block-in-bowl-seen-colors', seed: 3, sentence }
const serving = await serve({ config, scene, tell: () => {} })
const client = await ServiceClient.connect({ stateFolder: folder })
const authorization = `Bearer ${readFileSync(serving.tokenFile, 'utf8').trim()}`
const reader = new WebSocket(`${serving.url.replace('http', 'ws')}/api/events`, ['cliport'], {
  headers: { authorization },
})
reader.on('message', () => {})
await client.arm()

const startedMs = Date.now()
const samples = []
let [goals, scenes, laidMs, sampledMs] = [0, 0, startedMs, 0]
while (Date.now() - startedMs < Number(values.minutes) * 60_000) {
  if (Date.now() - laidMs > sceneMs) {
    await client.scene({ seed: 100 + scenes++, sentence })
    await client.arm()
    laidMs = Date.now()
  }
  await client.ended((await client.add(sentence)).id)
  goals++
  if (Date.now() - sampledMs < sampleMs) continue
  sampledMs = Date.now()
  const { rss, heapUsed, external } = process.memoryUsage()
  const mib = (bytes) => Math.round(bytes / 2 ** 20)
  const minute = (sampledMs - startedMs) / 60_000
  samples.push({ minute, goals, scenes, rss_mib: mib(rss), heap_mib: mib(heapUsed), external_mib: mib(external) })
  console.log(JSON.stringify(samples.at(-1)))
}
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ date: new Date(), samples }, null, 2)}\n`)
reader.close()
await serving.close()
rmSync(folder, { recursive: true })

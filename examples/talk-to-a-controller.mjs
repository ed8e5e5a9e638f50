// State, round trip and limits of a controller: node examples/talk-to-a-controller.mjs [ADDRESS]

import { connectLink, loadConfig, statusOf } from 'cliport-edge'
import { startSimulatedController } from './simulated-controller.mjs'

const own = process.argv[2] === undefined ? await startSimulatedController() : null
process.on('exit', () => own?.kill())
const address = process.argv[2] ?? own.address
const config = await loadConfig({ flags: { 'robot.link': address, ...(own && { 'robot.keys': own.keys }) } })
const client = await connectLink(address, config)
try {
  console.log(await statusOf(client))
} finally {
  await client.close()
  await own?.end()
}

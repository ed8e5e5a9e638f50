// A jog, a stop, and the latch that a person clears: node examples/drive-the-arm-by-hand.mjs [ADDRESS]
// With an address this moves a real arm by 5 cm: clear the area and hold the emergency stop.

import { createInterface } from 'node:readline/promises'
import { connectLink, jog, loadConfig, recover } from 'cliport-edge'
import { startSimulatedController } from './simulated-controller.mjs'

const own = process.argv[2] === undefined ? await startSimulatedController() : null
process.on('exit', () => own?.kill())
const address = process.argv[2] ?? own.address
const config = await loadConfig({ flags: { 'robot.link': address, ...(own && { 'robot.keys': own.keys }) } })
const client = await connectLink(address, config)
const { signal } = new AbortController()
const say = (what) =>
  console.log(
    `${what}: ${client.state.mode}, tool at ${client.state.p_base_tool_m.map((value) => value.toFixed(3)).join(', ')} m`,
  )
try {
  if (client.backend !== 'sim') {
    const prompt = createInterface({ input: process.stdin, output: process.stderr })
    const answer = await prompt.question(`The arm behind '${client.backend}' will move by 5 cm. Type yes: `)
    prompt.close()
    if (answer !== 'yes') process.exit(2)
  }
  say('connected')
  const up = await jog(client, config, { offset_m: [0, 0, 0.05], yawRad: 0, speedMps: 0.1 }, signal)
  say(`5 cm up, ${up.status}`)

  const moving = jog(client, config, { offset_m: [0, 0.1, 0], yawRad: 0, speedMps: 0.05 }, signal)
  await new Promise((resolve) => setTimeout(resolve, 500))
  await client.stop('the example presses stop')
  const stopped = await moving
  say(`stopped in the middle of a jog, ${stopped.status}`)

  // The stop is latched: nothing moves until a person clears it.
  await client.arm().catch((error) => console.log(`refused: ${error.message}`))
  say(`cleared, ${await recover(client, signal)}`)
} finally {
  await client.close()
  await own?.end()
}

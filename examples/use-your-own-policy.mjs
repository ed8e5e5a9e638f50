// A policy of your own behind the `Policy` port: this one picks the highest thing on the table and sets it down 10 cm
// beside it. It knows no language, so it stops after one step: node examples/use-your-own-policy.mjs

import { loadConfig, openSession, runGoal } from 'cliport-edge'

/** @type {import('cliport-edge').Policy} */
class HighestFirst {
  #proposals = 0

  constructor(workspace) {
    this.info = {
      name: 'highest-first',
      architecture: 'example',
      workspace,
      rotations: 36,
      thresholds: { pick: 0.5, place: 0.5, remaining: 0.5, found: 0.5 },
    }
  }

  async propose({ heightM, rows, cols, spec }) {
    let best = 0
    for (let cell = 0; cell < rows * cols; cell++) if (heightM[cell] > heightM[best]) best = cell
    const at = (u, v) => ({
      pixel: [u, v],
      // As in CLIPort: row u runs along +y, column v along +x.
      p_base_m: [spec.xMinM + v * spec.pixelM, spec.yMinM + u * spec.pixelM, spec.zMinM + heightM[u * cols + v]],
      yawRad: 0,
      probability: 1,
    })
    const [u, v] = [Math.floor(best / cols), best % cols]
    const besideU = u > rows / 2 ? u - 32 : u + 32
    return {
      pick: at(u, v),
      place: at(besideU, v),
      remaining: this.#proposals++ === 0 ? 1 : 0,
      found: 1,
      knownWords: 1,
      timingMs: {},
    }
  }

  async close() {}
}

const session = await openSession(await loadConfig({}), { cell: { thread: 'worker', policy: 'oracle' }, tell() {} })
try {
  const scene = await session.reset({
    task: 'put-block-in-bowl-seen-colors',
    seed: 1,
    clock: 'free',
    link: 'in-process',
  })
  const policy = new HighestFirst(session.settings.workspace)
  const result = await runGoal('move the highest thing', { ...session.ports, ...scene.ports, policy }, session.settings)
  for (const { index, proposal, verdict } of result.history) {
    const at = proposal.pick.p_base_m.map((value) => value.toFixed(3)).join(', ')
    console.log(`step ${index + 1}: picked at ${at} m, ${verdict.result}`)
  }
  console.log(`outcome ${result.outcome}: ${result.reason}`)
} finally {
  await session.close()
}

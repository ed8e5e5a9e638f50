// kill -9 at ten random moments, while goals are added and run: nothing that was acknowledged is lost, nothing runs twice.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import type { Goal } from '../../src/service/api.js'
import { ServiceClient } from '../../src/service/client/client.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-kill-'))
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true })
})

async function start(): Promise<{ readonly client: ServiceClient; kill(): Promise<void> }> {
  const args = ['dist/cli/main.js', 'serve', '--json', '--port', '0', '--state', folder, '--out', join(folder, 'runs')]
  const env = { ...process.env, CLIPORT_SERVICE_REQUESTS_PER_S: '100000' }
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env })
  children.push(child)
  const { url } = await new Promise<{ url: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)))
  })
  return {
    client: await ServiceClient.connect({ stateFolder: folder, url }),
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Goals that end at once, and one that moves the arm. */
const sentences = [
  'put the red blocks in a green bowl',
  'sing a song',
  'put the purple cow on the moon',
  'put the yellow block in the brown bowl',
]

test('kill -9 at ten random moments loses nothing that was acknowledged and runs nothing twice', async () => {
  /** As each was acknowledged last. */
  const acknowledged = new Map<string, Goal>()
  const sent = new Map<string, string>()
  let keys = 0
  for (let round = 0; round < 10; round++) {
    const service = await start()
    const { client } = service
    let isDead = false
    // What has an idempotency key and no answer is sent again, as a program would that does not know.
    for (const [key, sentence] of sent) {
      const goal = await client.add(sentence, { key })
      const known = [...acknowledged.values()].find(({ id }) => id === goal.id)
      if (known !== undefined) expect(goal.sentence).toBe(known.sentence)
      acknowledged.set(goal.id, goal)
    }
    sent.clear()
    const all = new Map((await client.state()).queue.map((goal) => [goal.id, goal]))
    for (const [id, before] of acknowledged) {
      const now = await client.goal(id)
      expect(now.sentence).toBe(before.sentence)
      if (before.state === 'done') expect(now).toEqual(before)
      else if (now.state !== 'done' && now.starts > 0) expect(now.state).toBe('paused')
      if (now.state !== 'done') expect(all.has(id)).toBe(true)
    }
    expect((await client.state()).session).toMatchObject({ mode: 'disarmed', armed: false })
    const startsBefore = new Map([...acknowledged.keys()].map((id) => [id, 0]))
    for (const id of startsBefore.keys()) startsBefore.set(id, (await client.goal(id)).starts)

    await client.arm()
    const adding = (async () => {
      for (let i = 0; !isDead; i++) {
        const [key, sentence] = [`k${keys++}`, sentences[i % sentences.length]!]
        sent.set(key, sentence)
        const goal = await client.add(sentence, { key })
        sent.delete(key)
        acknowledged.set(goal.id, goal)
        const { finished } = await client.goals()
        for (const done of finished) acknowledged.set(done.id, done)
      }
    })().catch((error: { code?: string }) => {
      if (!isDead || error.code !== 'SERVICE_ABSENT') throw error
    })
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 2500))
    isDead = true
    await service.kill()
    await adding
  }
  expect(acknowledged.size).toBeGreaterThan(10)
  const { client, kill } = await start()
  for (const [id, { sentence }] of acknowledged) {
    const goal = await client.goal(id)
    expect(goal.sentence).toBe(sentence)
    // Nobody resumed anything: whatever was begun was begun once.
    expect(goal.starts).toBeLessThanOrEqual(1)
  }
  await kill()
})

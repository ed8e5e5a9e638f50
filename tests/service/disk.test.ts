// A service whose disk fills while a goal runs: three megabytes for queue and runs.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliport } from '../fixtures/cli.js'
import { eventsUntil, sceneSentence, send, startService } from '../fixtures/service.js'
import { mountSmallDisk } from '../fixtures/small-disk.js'

test('a goal whose end the disk does not take ends, is told with the reason, and is written when there is room', async (context) => {
  const disk = mountSmallDisk()
  if (disk === null) return context.skip('no small disk can be mounted here')
  const folder = join(disk.folder, 'state')
  mkdirSync(folder)
  try {
    let service = await startService({}, folder)
    const verb = (...words: string[]) => cliport(...words, '--state', folder, '--json')
    const running = eventsUntil(service.client, ({ event, data }) => event === 'robot' && data.mode === 'moving')
    const waited = verb('goal', 'add', sceneSentence, '--wait')
    await service.client.arm()
    await running
    disk.fill()

    const full = new RegExp(`disk of ${folder} is full`, 'i')
    expect(await waited).toMatchObject({ exitCode: 0, report: { id: 'g1', state: 'done', outcome: 'achieved' } })
    expect(await service.client.goal('g1')).toMatchObject({
      outcome: 'achieved',
      reason: expect.stringMatching(full),
    })
    const status = await verb('status')
    expect(status.report).toMatchObject({
      mode: 'disarmed',
      reason: expect.stringMatching(full),
      problem: { code: 'DISK_FULL', hint: expect.stringContaining('Make room') },
      disks: [
        { use: 'goals', folder, full: true },
        { use: 'runs', folder: join(folder, 'runs'), full: true },
      ],
      queue: [],
    })
    expect(await verb('goal', 'add', 'x'.repeat(400), '--wait')).toMatchObject({
      exitCode: 1,
      report: { error: { code: 'DISK_FULL', message: expect.stringMatching(full) } },
    })
    expect(await verb('arm')).toMatchObject({
      exitCode: 1,
      report: { error: { code: 'SERVICE_REFUSED', message: expect.stringMatching(full) } },
    })
    expect((await send(service.url, 'GET', '/readyz', {})).status).toBe(503)

    const recovered = eventsUntil(service.client, ({ event, data }) => event === 'session' && data.problem === null)
    disk.empty()
    await recovered
    expect((await service.client.state()).session).toMatchObject({ mode: 'disarmed', problem: null })
    expect((await service.client.goal('g1')).reason).not.toMatch(full)
    await service.client.arm()
    const next = await service.client.add(sceneSentence)
    expect(await service.client.ended(next.id)).toMatchObject({ outcome: 'achieved' })
    service = await service.restart()
    const { finished, unfinished } = await service.client.goals()
    expect(unfinished).toEqual([])
    expect(finished.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['g2', 'achieved'],
      ['g1', 'achieved'],
    ])
    expect(JSON.parse(readFileSync(join(folder, 'service.json'), 'utf8'))).toMatchObject({ url: service.url })
    await service.close()
  } finally {
    disk.remove()
  }
})

// Who is listened to in the service, the robot's own microphone, what is said aloud, and sound from a browser's rate.

import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { ListenerOptions, VoiceEvent, VoiceListener } from '../../src/io/voice/listener.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import type { Voice } from '../../src/runtime/voice.js'
import type { SpokenEvent } from '../../src/service/api-voice.js'
import { serveVoice } from '../../src/service/http/voice.js'
import { RobotMicrophone } from '../../src/service/robot-microphone.js'
import { lineOf } from '../../src/service/spoken-answers.js'
import { VoiceDesk } from '../../src/service/voice-desk.js'
import { lexicon } from '../fixtures/lexicon.js'
import { resample } from '../fixtures/sound.js'

/** Goes on when what is ready has been done. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

/** A desk whose engine is only its listeners: what is pushed into each, and what it tells. */
function aDesk({ fails = 0 } = {}) {
  const listeners: {
    readonly pushed: number[]
    held: boolean
    isClosed: boolean
    tell: (event: VoiceEvent) => void
  }[] = []
  const stops: string[] = []
  let failures = fails
  const closed = vi.fn(async () => {})
  const open = vi.fn(async () => {
    if (failures-- > 0) throw new Error('no memory')
    return {
      lexicon,
      listen: ({ onEvent }: ListenerOptions) => {
        const one = { pushed: [] as number[], held: false, isClosed: false, tell: onEvent }
        listeners.push(one)
        return {
          push: (samples: Float32Array) => one.pushed.push(...samples),
          hold: (isHeld: boolean) => {
            one.held = isHeld
          },
          close: () => {
            one.isClosed = true
          },
        } as unknown as VoiceListener
      },
      close: closed,
    } as unknown as Voice
  })
  const desk = new VoiceDesk({
    config: mergeConfig(null, {}, {}),
    table: () => null,
    understand: () => ({}),
    stop: async (reason) => void stops.push(reason),
    open,
  })
  return { desk, listeners, stops, open, closed }
}

const sound = (value: number) => Float32Array.of(value)

test('a second person is refused while the first one is listened to, and heard afterwards', async () => {
  const { desk, listeners, open, closed } = aDesk()
  const first = await desk.listen('page', () => {})
  await expect(desk.listen('page', () => {})).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  first.push(sound(1))
  first.close()
  first.push(sound(2))
  const second = await desk.listen('page', () => {})
  second.push(sound(3))
  expect(listeners.map(({ pushed, isClosed }) => [pushed, isClosed])).toEqual([
    [[1], true],
    [[3], false],
  ])
  expect(open, 'one engine').toHaveBeenCalledTimes(1)
  await desk.close()
  expect(closed).toHaveBeenCalledTimes(1)
  expect(second.isOver).toBe(true)
  await expect(desk.listen('page', () => {})).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
})

test('two who press at once are one who is heard and one who is told, while the engine still opens', async () => {
  const { desk } = aDesk()
  const both = await Promise.allSettled([desk.listen('page', () => {}), desk.listen('page', () => {})])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

test('"stop" stops the arm before anything else is said of it, and a goal does nothing', async () => {
  const { desk, listeners, stops } = aDesk()
  const told: SpokenEvent[] = []
  await desk.listen('page', (event) => {
    if (event.kind === 'stop') expect(stops, 'before it is told').toHaveLength(1)
    told.push(event)
  })
  listeners[0]!.tell({ kind: 'stop' })
  expect(stops).toEqual(['"stop" was said'])
  expect(told.at(-1)).toEqual({ kind: 'stop' })
  const goal = { sentence: 'put it there', heard: 'Put it there.', understanding: null, alternatives: ['put it here'] }
  listeners[0]!.tell({ kind: 'goal', ...goal, doubts: [{ kind: 'another', reason: 'or here' }], tookMs: 7 })
  expect(stops).toHaveLength(1)
  expect(told.at(-1)).toEqual({
    kind: 'goal',
    heard: 'Put it there.',
    sentence: 'put it there',
    doubts: ['or here'],
    alternatives: ['put it here'],
    took_ms: 7,
  })
})

test('an engine that fails to open, or ends, is opened again for the next one', async () => {
  const { desk, listeners, open, closed } = aDesk({ fails: 1 })
  await expect(desk.listen('page', () => {})).rejects.toThrow('no memory')
  const stream = await desk.listen('page', () => {})
  listeners[0]!.tell({ kind: 'ended', code: 'VOICE_ENGINE_FAILED', message: 'gone', hint: '' })
  expect(stream.isOver).toBe(true)
  await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1))
  await desk.listen('page', () => {})
  expect(open).toHaveBeenCalledTimes(3)
})

/** A connection of a browser. */
function aSocket() {
  const socket = Object.assign(new EventEmitter(), {
    sent: [] as string[],
    closed: [] as number[],
    send: (text: string) => void socket.sent.push(JSON.parse(text).data.kind),
    close: (code: number) => {
      socket.closed.push(code)
      socket.emit('close')
    },
    terminate: () => {},
  })
  const say = (message: Buffer | object) =>
    Buffer.isBuffer(message)
      ? socket.emit('message', message, true)
      : socket.emit('message', Buffer.from(JSON.stringify(message)), false)
  return { socket, say }
}

test('sound and button of a connection come in their order, from before the engine is open too; its end frees the place', async () => {
  const { desk, listeners } = aDesk()
  const { socket, say } = aSocket()
  serveVoice(socket as never, desk)
  say({ hold: true })
  say(Buffer.from(Int16Array.of(16_384, -16_384).buffer))
  await settled()
  expect(listeners[0]).toMatchObject({ held: true, pushed: [0.5, -0.5] })
  expect(socket.sent).toEqual(['listening'])
  expect(desk.isTaken).toBe(true)
  socket.emit('close')
  expect(desk.isTaken).toBe(false)
  expect(listeners[0]!.isClosed).toBe(true)
})

test('a connection that ends while the engine is being opened keeps nobody waiting', async () => {
  const { desk, listeners } = aDesk()
  const { socket } = aSocket()
  serveVoice(socket as never, desk)
  socket.emit('close')
  await settled()
  expect(listeners[0]!.isClosed).toBe(true)
  expect(desk.isTaken).toBe(false)
})

test.each([
  ['no sound for once', [Buffer.alloc(0)], false],
  ['another message', [{ hold: 'yes' }], true],
  ['more sound than anybody can speak', Array.from({ length: 150 }, () => Buffer.alloc(4096)), true],
] as const)('a connection that sends %s: sent away or not', async (_, messages, isSentAway) => {
  const { desk } = aDesk()
  const { socket, say } = aSocket()
  serveVoice(socket as never, desk)
  await settled()
  for (const message of messages) if (socket.closed.length === 0) say(message)
  expect(socket.closed).toEqual(isSentAway ? [1008] : [])
  expect(desk.isTaken).toBe(!isSentAway)
})

/** A source that gives what is put into it. */
function aSource<T>() {
  const waiting: T[] = []
  let wake = () => {}
  let isOver = false
  return {
    put: async (value: T) => {
      waiting.push(value)
      wake()
      await settled()
    },
    end: () => {
      isOver = true
      wake()
    },
    async *values(): AsyncGenerator<T> {
      while (!isOver) {
        if (waiting.length > 0) yield waiting.shift()!
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    },
  }
}

function aRobot(button: string | null, { isSpeaking = false } = {}) {
  const rig = aDesk()
  const [sounds, presses] = [aSource<Float32Array<ArrayBuffer>>(), aSource<boolean>()]
  const told: SpokenEvent[] = []
  const answers = { isSpeaking }
  const robot = new RobotMicrophone({
    device: 'default',
    button,
    desk: rig.desk,
    onEvent: (event) => told.push(event),
    onChange: () => {},
    tell: () => {},
    answers,
    open: () => ({ sound: sounds.values(), close: async () => sounds.end() }),
    held: (_, signal) => {
      signal.addEventListener('abort', () => presses.end())
      return presses.values()
    },
  })
  robot.begin()
  return { ...rig, robot, sounds, presses, told, answers }
}

test("the robot's microphone listens all the time, waits while a person at a page speaks, and listens on", async () => {
  const { desk, listeners, robot, sounds } = aRobot(null)
  await sounds.put(sound(1))
  const person = await desk.listen('page', () => {})
  await sounds.put(sound(2))
  person.close()
  await sounds.put(sound(3))
  expect(listeners.map(({ pushed }) => pushed)).toEqual([[1], [], [3]])
  await robot.end()
  expect(listeners[2]!.isClosed).toBe(true)
})

test("with a button the robot's microphone hears what is said while it is held, and nothing else", async () => {
  const { listeners, robot, sounds, presses, told } = aRobot('/dev/input/pedal')
  await sounds.put(sound(1))
  expect(listeners).toEqual([])
  await presses.put(true)
  await sounds.put(sound(2))
  expect(listeners[0]).toMatchObject({ pushed: [2], held: true })
  await presses.put(false)
  await vi.waitFor(() => expect(listeners[0]!.held).toBe(false), { timeout: 60_000 })
  listeners[0]!.tell({ kind: 'no_goal', heard: 'hm', tookMs: 1 })
  await sounds.put(sound(3))
  expect(listeners).toHaveLength(1)
  expect(listeners[0]).toMatchObject({ pushed: [2], isClosed: true })
  expect(told).toEqual([{ kind: 'no_goal', heard: 'hm', took_ms: 1 }])
  await robot.end()
})

test('what the service says itself is not heard; a moment after, the microphone hears again', async () => {
  vi.useFakeTimers()
  try {
    const { listeners, robot, sounds, answers } = aRobot(null, { isSpeaking: true })
    const put = async (value: number) => {
      const done = sounds.put(sound(value))
      await vi.advanceTimersByTimeAsync(5)
      await done
    }
    await put(1)
    answers.isSpeaking = false
    await put(2) // on its way still
    await vi.advanceTimersByTimeAsync(300)
    await put(3)
    expect(listeners.map(({ pushed }) => pushed)).toEqual([[3]])
    await robot.end()
  } finally {
    vi.useRealTimers()
  }
})

test('a microphone that cannot be opened is told, tried again, and told again when it is heard', async () => {
  const changes: (string | null)[] = []
  const sounds = aSource<Float32Array<ArrayBuffer>>()
  let tries = 0
  const robot: RobotMicrophone = new RobotMicrophone({
    device: 'usb',
    button: null,
    desk: aDesk().desk,
    onEvent: () => {},
    onChange: () => changes.push(robot.state.problem),
    tell: () => {},
    open: () => {
      if (tries++ === 0) throw new Error('no such device')
      return { sound: sounds.values(), close: async () => sounds.end() }
    },
    reopenMs: 1,
  })
  robot.begin()
  await vi.waitFor(() => expect(tries).toBe(2))
  await sounds.put(sound(1))
  expect(changes).toEqual([expect.stringContaining('no such device'), null])
  await robot.end()
})

test('what is said aloud names the goal, its doubt, and how a spoken goal ended; typed ones end in silence', () => {
  const say = (event: string, data: object) => lineOf({ event, data } as never)
  const goal = { kind: 'goal', sentence: 'put it there', doubts: [] }
  expect(say('voice', goal)).toBe('I heard: put it there. Confirm it on the page.')
  expect(say('voice', { ...goal, doubts: ['or here'] })).toContain('not sure')
  expect(say('voice', { kind: 'stop' })).toBeNull()
  const ended = { sentence: 'put it there', source: 'voice', state: 'done', outcome: 'achieved' }
  expect(say('goal', ended)).toBe('Done: put it there.')
  expect(say('goal', { ...ended, outcome: 'failed' })).toBe('Not done: put it there.')
  expect(say('goal', { ...ended, source: 'page' })).toBeNull()
})

test.each([44_100, 48_000, 8000, 16_000])(
  '%d Hz becomes 16 kHz: the tone stays, what cannot be told is left out',
  (rate) => {
    const tone = (hz: number) => Float32Array.from({ length: rate }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rate))
    const power = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length
    const made = resample(tone(1000), rate, 16_000, 128)
    expect(Math.abs(made.length - 16_000)).toBeLessThan(80)
    const middle = made.subarray(400, 15_000)
    const worst = middle.reduce(
      (most, x, i) => Math.max(most, Math.abs(x - Math.sin((2 * Math.PI * 1000 * (i + 400)) / 16_000))),
      0,
    )
    expect(worst).toBeLessThan(0.005)
    // However it is cut into pieces.
    expect(resample(tone(1000), rate, 16_000, 331)).toEqual(made)
    if (rate > 20_000) expect(power(resample(tone(10_000), rate, 16_000, 128))).toBeLessThan(1e-4)
  },
)

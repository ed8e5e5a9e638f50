// This browser's microphone. It stays open for a while after the last word, so that the next one is not cut.

/** Little endian, as every browser's machine has it. */
export type Piece = ArrayBuffer

interface Opened {
  readonly media: MediaStream
  readonly context: AudioContext
}

/** Without being used for so long it is closed: the browser shows for as long that it listens. */
const closedAfterMs = 20_000
/** The first time a person is asked for it. */
const opensWithinMs = 30_000

let opened: Promise<Opened> | null = null
let closing: ReturnType<typeof setTimeout> | undefined
let take: (piece: Piece) => void = () => {}

/**
 * Hands out 16 kHz, 16 bit, mono, a piece every 32 ms, until the returned function is called.
 * @throws Error that says, to a person, why there is no microphone
 */
export async function listen(onPiece: (piece: Piece) => void): Promise<() => void> {
  clearTimeout(closing)
  opened ??= open()
  try {
    await inTime(opened)
  } catch (error) {
    close()
    throw new Error(reasonOf(error as Error), { cause: error })
  }
  take = onPiece
  return () => {
    if (take !== onPiece) return
    take = () => {}
    closing = setTimeout(close, closedAfterMs)
  }
}

/** A browser without a working loudspeaker may never start an audio context, nor say so. */
async function inTime(opening: Promise<Opened>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('', 'TimeoutError')), opensWithinMs)
  })
  try {
    await Promise.race([opening, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

async function open(): Promise<Opened> {
  if (navigator.mediaDevices === undefined) throw new DOMException('', 'SecurityError')
  const media = await navigator.mediaDevices.getUserMedia({
    // Filters that make calls pleasant take from speech what a decoder needs.
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true },
  })
  const context = new AudioContext()
  try {
    await context.audioWorklet.addModule('microphone-worklet.js')
    await context.resume()
    const node = new AudioWorkletNode(context, 'microphone', { channelCount: 1, channelCountMode: 'explicit' })
    node.port.addEventListener('message', ({ data }) => take(data as Piece))
    node.port.start()
    // It plays nothing; without a way to the loudspeaker some browsers do not run it.
    context.createMediaStreamSource(media).connect(node).connect(context.destination)
    // Pulled out, or taken back by the person: the next press asks again.
    for (const track of media.getTracks()) track.addEventListener('ended', close)
    return { media, context }
  } catch (error) {
    for (const track of media.getTracks()) track.stop()
    void context.close()
    throw error
  }
}

function close(): void {
  const was = opened
  opened = null
  was
    ?.then(({ media, context }) => {
      for (const track of media.getTracks()) track.stop()
      if (context.state !== 'closed') void context.close()
    })
    .catch(() => {})
}

/** Names of getUserMedia's exceptions (W3C Media Capture and Streams). */
function reasonOf({ name, message }: Error): string {
  if (name === 'NotAllowedError') return 'This browser does not let the page listen: allow it beside the address'
  if (name === 'SecurityError') return 'Browsers give a microphone to pages with TLS or of this machine only'
  if (name === 'NotFoundError') return 'This machine has no microphone'
  if (name === 'NotReadableError') return 'Another program has the microphone'
  if (name === 'TimeoutError') return 'The browser has not opened the microphone: press again, or restart the browser'
  return `The microphone cannot be opened: ${message}`
}

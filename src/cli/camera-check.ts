// What `cliport camera check` looks at, for a person with a real camera.

import {
  type CameraFrame,
  type CameraInfo,
  type CameraOptions,
  type CameraStats,
  hardwareReset,
  libraryInfo,
  listCameras,
  openCamera,
} from '@cliport/realsense'

export interface Check {
  readonly id: string
  readonly status: 'ok' | 'warn' | 'fail' | 'skip'
  readonly finding: string
  /** What to do; empty when ok. */
  readonly fix: string
}

export interface CameraCheckOptions {
  readonly serial?: string
  readonly library?: string
  readonly seconds?: number
  readonly fps?: number
  /** Restarts the camera's firmware at the end. */
  readonly reset?: boolean
  readonly signal?: AbortSignal
  readonly onCheck?: (check: Check) => void
}

/** One frame, as far as the checks need it. */
export interface Observation {
  readonly number: number
  readonly domain: string
  readonly stampNs: bigint
  readonly arrivalNs: bigint
  readonly extraDelayMs: number
}

/** Runs every check in order; one that makes the rest pointless ends it. */
export async function checkCamera(options: CameraCheckOptions): Promise<Check[]> {
  const checks: Check[] = []
  const add = (check: Check) => {
    checks.push(check)
    options.onCheck?.(check)
    return check.status
  }

  const { library } = options
  const { version, reason } = libraryInfo(library)
  if (add(checkLibrary(version, reason)) === 'fail') return checks
  const cameras = await listCameras()
  const info = options.serial === undefined ? cameras[0] : cameras.find(({ serial }) => serial === options.serial)
  if (add(checkPresence(info, cameras, options.serial)) === 'fail' || !info) return checks
  add(checkUsb(info))
  add(checkFirmware(info))

  const fps = options.fps ?? 30
  try {
    const { frames, stats } = await observe(info, fps, options)
    for (const check of checkFrames(frames, stats, fps)) add(check)
  } catch (error) {
    add({ id: 'stream', status: 'fail', finding: (error as Error).message, fix: 'See docs/realsense.md, "No frames".' })
    return checks
  }
  add(await checkReset(info, fps, options))
  return checks
}

function checkLibrary(version: string | undefined, reason: string | undefined): Check {
  return version === undefined
    ? {
        id: 'library',
        status: 'fail',
        finding: reason ?? 'not found',
        fix: 'Install librealsense2, or set REALSENSE2_LIBRARY.',
      }
    : { id: 'library', status: 'ok', finding: `librealsense2 ${version}`, fix: '' }
}

function checkPresence(info: CameraInfo | undefined, all: readonly CameraInfo[], serial: string | undefined): Check {
  if (info) return { id: 'camera', status: 'ok', finding: `${info.name}, serial number ${info.serial}`, fix: '' }
  const others = all.length === 0 ? 'no camera is connected' : `connected: ${all.map((c) => c.serial).join(', ')}`
  return {
    id: 'camera',
    status: 'fail',
    finding: serial === undefined ? others : `${serial} is not connected; ${others}`,
    fix: "Plug it into a USB 3 port, and install the vendor's udev rules (permission to open it).",
  }
}

export function checkUsb({ usb }: Pick<CameraInfo, 'usb'>): Check {
  if (usb === '') return { id: 'usb', status: 'skip', finding: 'this camera does not report its USB speed', fix: '' }
  return usb.startsWith('3')
    ? { id: 'usb', status: 'ok', finding: `USB ${usb}`, fix: '' }
    : {
        id: 'usb',
        status: 'fail',
        finding: `USB ${usb}: too slow for depth and colour at 30 fps`,
        fix: 'Use a USB 3 port and cable; turn the plug over or plug it in faster, some cables fall back to USB 2.',
      }
}

export function checkFirmware({
  firmware,
  recommendedFirmware,
}: Pick<CameraInfo, 'firmware' | 'recommendedFirmware'>): Check {
  if (firmware === '' || recommendedFirmware === '') {
    return { id: 'firmware', status: 'skip', finding: firmware || 'this camera does not report its firmware', fix: '' }
  }
  return compareVersions(firmware, recommendedFirmware) >= 0
    ? { id: 'firmware', status: 'ok', finding: firmware, fix: '' }
    : {
        id: 'firmware',
        status: 'warn',
        finding: `${firmware}; the library recommends ${recommendedFirmware}`,
        fix: 'Update it with rs-fw-update.',
      }
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let i = 0; i < 4; i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

async function observe(info: CameraInfo, fps: number, options: CameraCheckOptions) {
  await using camera = await openCamera(streamOptions(info, fps, options))
  const frames: Observation[] = []
  // The first second is the camera's: exposure settles, the syncer warms up.
  const until = process.hrtime.bigint() + BigInt(Math.round(((options.seconds ?? 5) + 1) * 1e9))
  while (process.hrtime.bigint() < until) {
    const frame = await camera.next({ timeoutMs: 5000, ...(options.signal && { signal: options.signal }) })
    if (!frame) break
    frames.push(observation(frame, camera.stats.extraDelayMs))
  }
  const settled = frames.findIndex(({ arrivalNs }) => arrivalNs - frames[0]!.arrivalNs > 1_000_000_000n)
  return { frames: frames.slice(Math.max(0, settled)), stats: camera.stats }
}

function streamOptions(info: CameraInfo, fps: number, options: CameraCheckOptions): CameraOptions {
  const size = { width: 640, height: 480, fps }
  const { library, signal } = options
  return {
    serial: info.serial,
    depth: size,
    color: size,
    reconnect: false,
    ...(library !== undefined && { library }),
    ...(signal && { signal }),
  }
}

function observation(frame: CameraFrame, extraDelayMs: number): Observation {
  const { number, domain } = frame.depth!
  return { number, domain, stampNs: frame.stampNs, arrivalNs: frame.arrivalNs, extraDelayMs }
}

/** Rate, drops, pairs and time, from what was seen. */
export function checkFrames(
  frames: readonly Observation[],
  stats: Pick<CameraStats, 'incomplete' | 'received' | 'driftPpm'>,
  fps: number,
): Check[] {
  const [first, last] = [frames[0], frames.at(-1)]
  if (!first || !last || frames.length < 2) {
    return [{ id: 'rate', status: 'fail', finding: 'no frames', fix: 'See docs/realsense.md, "No frames".' }]
  }
  const spanS = Number(last.stampNs - first.stampNs) / 1e9
  const expected = last.number - first.number + 1
  const rate = (expected - 1) / spanS
  const lost = expected - frames.length
  const lostShare = lost / expected
  const delays = frames.map(({ extraDelayMs }) => extraDelayMs).sort((a, b) => a - b)
  const p99Ms = delays[Math.floor(delays.length * 0.99)]!
  const pairShare = stats.received / Math.max(1, stats.received + stats.incomplete)
  return [
    {
      id: 'rate',
      ...verdict(rate >= 0.95 * fps, `${rate.toFixed(1)} of ${fps} fps`),
      ...fixUnless(
        rate >= 0.95 * fps,
        'Switch auto_exposure_priority off (dim light halves the rate), or use a USB port of its own.',
      ),
    },
    {
      id: 'drops',
      ...verdict(lostShare <= 0.01, `${lost} of ${expected} frames lost (${(100 * lostShare).toFixed(1)} %)`),
      ...fixUnless(
        lostShare <= 0.01,
        'Use a USB 3 port of its own, a short cable, and look at the load of this machine.',
      ),
    },
    {
      id: 'pairs',
      ...verdict(pairShare >= 0.9, `${(100 * pairShare).toFixed(1)} % of framesets had depth and colour`),
      ...fixUnless(
        pairShare >= 0.9,
        'Give depth and colour the same rate; without kernel metadata the syncer needs a second to settle.',
      ),
    },
    checkTime(first.domain, p99Ms, stats.driftPpm, fps),
  ]
}

function checkTime(domain: string, p99Ms: number, driftPpm: number, fps: number): Check {
  const finding = `${domain} clock, drift ${driftPpm.toFixed(0)} ppm, p99 ${p99Ms.toFixed(1)} ms later than the quickest frames`
  if (domain === 'system') {
    return {
      id: 'time',
      status: 'warn',
      finding: `${finding}; stamps are arrival times, not the sensor's`,
      fix: 'Enable kernel metadata (patched uvcvideo, kernel 6.x, or the RSUSB build of librealsense2).',
    }
  }
  const good = p99Ms < 1000 / fps
  return {
    id: 'time',
    ...verdict(good, finding),
    ...fixUnless(good, 'Frames queue up: look at the load of this machine.'),
  }
}

async function checkReset(info: CameraInfo, fps: number, options: CameraCheckOptions): Promise<Check> {
  if (options.reset === false) return { id: 'reset', status: 'skip', finding: 'not asked for', fix: '' }
  if (info.software) return { id: 'reset', status: 'skip', finding: 'a software camera has no firmware', fix: '' }
  try {
    const startedNs = process.hrtime.bigint()
    await hardwareReset(info.serial)
    await new Promise((resolve) => setTimeout(resolve, 2000)) // it takes a while to leave the bus
    const again = { ...streamOptions(info, fps, options), reconnect: true, waitForCamera: true, startTimeoutMs: 30_000 }
    await using camera = await openCamera(again)
    await camera.next({ timeoutMs: 10_000 })
    const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9
    return {
      id: 'reset',
      status: 'ok',
      finding: `streams again ${seconds.toFixed(1)} s after a hardware reset`,
      fix: '',
    }
  } catch (error) {
    return {
      id: 'reset',
      status: 'fail',
      finding: (error as Error).message,
      fix: 'Unplug the camera and plug it in again.',
    }
  }
}

function verdict(good: boolean, finding: string): Pick<Check, 'status' | 'finding'> {
  return { status: good ? 'ok' : 'fail', finding }
}

function fixUnless(good: boolean, fix: string): Pick<Check, 'fix'> {
  return { fix: good ? '' : fix }
}

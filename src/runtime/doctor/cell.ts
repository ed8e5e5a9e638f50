// The cell: cameras and their library, USB, calibration, the controller and the keys to it.

import { stat } from 'node:fs/promises'
import { type CameraReport, reportCameras } from '../../io/cameras/camera-report.js'
import type { Config } from '../config/schema.js'
import { measureRoundTrips } from '../link/status.js'
import { connectLink } from '../robot.js'
import { type Finding, fail, failed, ok, skip, warn } from './check.js'

const roundTrips = 20
/** After so long somebody has bumped into something. */
const calibrationDays = 90

export interface CameraFindings {
  readonly library: Finding
  readonly cameras: Finding
  readonly usb: Finding
}

/** The library, whether every camera of the settings is connected, and at which speed. */
export async function checkCameras({ cameras }: Config, report = reportCameras): Promise<CameraFindings> {
  const wanted = cameras.flatMap(({ serial }) => serial ?? [])
  const none = skip('the settings list no camera')
  let seen: CameraReport
  try {
    seen = await report()
  } catch (error) {
    seen = { library: null, reason: (error as Error).message, cameras: [] }
  }
  const { library, reason } = seen
  if (library === null) {
    const install = 'Install librealsense2 (docs/realsense.md), or set REALSENSE2_LIBRARY'
    return cameras.length > 0
      ? {
          library: fail(reason, install),
          cameras: skip('no library to look with'),
          usb: skip('no library to look with'),
        }
      : { library: skip('librealsense2 was not found; only a real cell needs it', install), cameras: none, usb: none }
  }
  const connected = seen.cameras.filter(({ serial }) => wanted.includes(serial))
  const missing = wanted.filter((serial) => !connected.some((one) => one.serial === serial))
  const slow = connected.filter(({ usb }) => usb.startsWith('2'))
  const list = (items: readonly string[]) => items.join(', ')
  return {
    library: ok(`librealsense2 ${library}`),
    cameras:
      wanted.length === 0
        ? none
        : missing.length === 0
          ? ok(`${list(wanted)} connected`)
          : fail(
              `not connected: ${list(missing)}; seen: ${list(seen.cameras.map(({ serial }) => serial)) || 'none'}`,
              'Look at cable and power; groups video and plugdev, udev rules (docs/realsense.md); cliport camera list',
            ),
    usb:
      connected.length === 0
        ? none
        : slow.length === 0
          ? ok(list(connected.map(({ serial, usb }) => `${serial} at USB ${usb || '?'}`)))
          : warn(
              list(slow.map(({ serial, usb }) => `${serial} at USB ${usb}`)),
              'Use a USB 3 port of its own and a short USB 3 cable, then cliport camera check',
            ),
  }
}

/**
 * The poses of the cameras stand in the settings, and are at least as old as the last change of that file.
 * @param file path of the settings; absent: there are none
 */
export async function checkCalibration(
  { cameras }: Config,
  file: string | undefined,
  nowMs = Date.now(),
): Promise<Finding> {
  if (cameras.length === 0 || file === undefined) return skip('the settings list no camera')
  const days = Math.floor((nowMs - (await stat(file)).mtimeMs) / 86_400_000)
  const words = `poses of ${cameras.length} camera(s) in ${file}, which was changed ${days} day(s) ago`
  return days <= calibrationDays
    ? ok(words)
    : warn(
        words,
        'Compare a heightmap of the empty table and of something whose place is known (docs/real-hardware.md)',
      )
}

/** Whether the controller answers, knows this runtime, and how far away it is. */
export async function checkLink(config: Config): Promise<Finding> {
  const address = config.robot.link
  if (address === null) return skip('the settings name no controller: the simulated cell runs')
  if (!address.startsWith('tcp://')) return skip(`${address} is not asked: it has no question that moves nothing`)
  try {
    const client = await connectLink(address, config)
    try {
      const { round_trip: trip } = await measureRoundTrips(client, roundTrips, new AbortController().signal)
      const mode = client.state?.mode ?? 'unknown'
      return ok(`${address} moves '${client.backend}', ${mode}; round trip ${trip.p50.toFixed(2)} ms`)
    } finally {
      await client.close()
    }
  } catch (error) {
    return failed(error, 'Start cliport-controller on the machine of the arm (docs/link.md)')
  }
}

/** Whether the controller of these settings runs on this machine. */
export function isControllerHere({ robot: { link } }: Config): boolean {
  return link !== null && /\/\/(127\.|localhost|\[::1\])/.test(link)
}

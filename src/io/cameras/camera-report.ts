// What the camera library sees, for `cliport doctor`.

import { libraryInfo, listCameras } from '@cliport/realsense'

export interface CameraReport {
  /** Its version; null when it was not found. */
  readonly library: string | null
  /** Why it was not found; empty when it was. */
  readonly reason: string
  readonly cameras: readonly {
    readonly serial: string
    /** '3.2'; '2.1' is a slow port or cable; empty when unknown. */
    readonly usb: string
  }[]
}

/** @throws RealSenseError when the library cannot list cameras; Error when the addon of the package is missing */
export async function reportCameras(): Promise<CameraReport> {
  const { found, version, reason } = libraryInfo()
  if (!found || version === undefined)
    return { library: null, reason: reason ?? 'librealsense2 was not found', cameras: [] }
  const cameras = await listCameras()
  return { library: version, reason: '', cameras: cameras.map(({ serial, usb }) => ({ serial, usb })) }
}

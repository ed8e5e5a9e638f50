// Which GPU this is, without any library of its vendor.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tensorRtVersion } from '../../native/engine.js'

export interface GpuDevice {
  /** e.g. NVIDIA GeForce RTX 4090, or NVIDIA Jetson AGX Orin Developer Kit; null: no NVIDIA driver was found. */
  readonly device: string | null
  /** Version of the TensorRT library that the system's loader finds, e.g. 10.3.0; null: none. */
  readonly tensorrt: string | null
}

/** @param root where `proc` lies; another one in tests */
export async function gpuDevice(root = '/'): Promise<GpuDevice> {
  return { device: (await cardName(root)) ?? (await jetsonName(root)), tensorrt: tensorRtVersion() }
}

/** First card of the NVIDIA driver. */
async function cardName(root: string): Promise<string | null> {
  const folder = join(root, 'proc/driver/nvidia/gpus')
  const cards = (await readdir(folder).catch(() => [])).sort()
  if (cards.length === 0) return null
  const text = await readFile(join(folder, cards[0]!, 'information'), 'utf8').catch(() => '')
  return /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? null
}

/** A Jetson names itself in its device tree. */
async function jetsonName(root: string): Promise<string | null> {
  const text = await readFile(join(root, 'proc/device-tree/model'), 'utf8').catch(() => '')
  const name = text.replaceAll('\0', '').trim()
  return /jetson|orin|xavier|thor/i.test(name) ? name : null
}

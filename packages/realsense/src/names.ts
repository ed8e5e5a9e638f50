// Names for the library's numbers. Values are equal in all versions from 2.50 on (native/abi.hpp).

import { RealSenseError } from './errors.js'

export const streamKeys = ['depth', 'color', 'infrared1', 'infrared2'] as const
/** A stream of the camera. */
export type StreamKey = (typeof streamKeys)[number]

/** The library's stream type and index; index -1 stands for any. */
export const streamNumbers: Record<StreamKey, { readonly type: number; readonly index: number }> = {
  depth: { type: 1, index: -1 },
  color: { type: 2, index: -1 },
  infrared1: { type: 3, index: 1 },
  infrared2: { type: 3, index: 2 },
}

export function streamKeyOf(type: number, index: number): StreamKey | undefined {
  if (type === 1) return 'depth'
  if (type === 2) return 'color'
  if (type === 3) return index === 2 ? 'infrared2' : 'infrared1'
  return undefined
}

/** Layout of a pixel. `f32` is depth converted to metres by this package. */
export type PixelFormat = 'z16' | 'yuyv' | 'rgb8' | 'bgr8' | 'rgba8' | 'bgra8' | 'y8' | 'y16'

export const formatNumbers: Record<PixelFormat, number> = {
  z16: 1,
  yuyv: 4,
  rgb8: 5,
  bgr8: 6,
  rgba8: 7,
  bgra8: 8,
  y8: 9,
  y16: 10,
}

export function formatName(format: number): PixelFormat | `format ${number}` {
  const found = Object.entries(formatNumbers).find(([, value]) => value === format)
  return found ? (found[0] as PixelFormat) : `format ${format}`
}

/** Which clock a device stamp was read from. */
export type StampDomain = 'hardware' | 'system' | 'global'
const domains: readonly StampDomain[] = ['hardware', 'system', 'global']
export function domainName(domain: number): StampDomain {
  return domains[domain] ?? 'system'
}

const distortions = [
  'none',
  'modified-brown-conrady',
  'inverse-brown-conrady',
  'f-theta',
  'brown-conrady',
  'kannala-brandt4',
] as const
/** How the lens bends rays; `none`, or all coefficients 0, is a pinhole. */
export type DistortionModel = (typeof distortions)[number]
export function distortionName(model: number): DistortionModel {
  return distortions[model] ?? 'none'
}
export function distortionNumber(model: DistortionModel): number {
  return distortions.indexOf(model)
}

/** "2.57.7" from 25707. */
export function versionText(version: number): string {
  return `${Math.floor(version / 10000)}.${Math.floor(version / 100) % 100}.${version % 100}`
}

/** Letters to change, add or remove to get from one word to the other (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

/** Throws for a key that is not allowed and names the one that was probably meant. */
export function sealed(value: object, allowed: readonly string[], where: string): void {
  for (const key of Object.keys(value)) {
    if (allowed.includes(key)) continue
    const nearest = [...allowed].sort((a, b) => editDistance(key, a) - editDistance(key, b))[0]
    const meant = nearest !== undefined && editDistance(key, nearest) <= 3 ? ` Did you mean '${nearest}'?` : ''
    throw new RealSenseError(
      'INPUT_INVALID',
      `Unknown option '${key}' in ${where}.${meant} Known: ${allowed.join(', ')}`,
    )
  }
}

export function invalid(where: string, expected: string, received: unknown): RealSenseError {
  const text = typeof received === 'string' ? `'${received}'` : String(received)
  return new RealSenseError('INPUT_INVALID', `Expected ${expected} for ${where} but received ${text}`)
}

// Colours by name: how far one is from another as people see them.

import type { Lexicon } from '../ports.js'

export type Lab = readonly [l: number, a: number, b: number]
export type Rgb = readonly [number, number, number]

/** CIE L*a*b* (D65) of an sRGB colour, 0..255 (IEC 61966-2-1; CIE 15). */
export function labOf(rgb: Rgb): Lab {
  const [r, g, b] = rgb.map((byte) => {
    const c = byte / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  const curve = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
  const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
  const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b)
  const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** #rrggbb as three bytes. */
export function rgbOfHex(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb
}

/** CIE76 distance; below about 25 people may disagree which of two names is meant. */
export function distance(a: Lab, b: Lab): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/** Distance with lightness at half its weight: light and shadow change it, and "dark red" is a red. */
export function hueDistance(a: Lab, b: Lab): number {
  return Math.hypot((a[0] - b[0]) / 2, a[1] - b[1], a[2] - b[2])
}

/** Colours that people name first (B. Berlin and P. Kay, "Basic Color Terms", 1969), and the benchmark's cyan. */
export const basicColors: readonly string[] = [
  ...['red', 'green', 'blue', 'yellow', 'brown', 'gray', 'cyan', 'orange', 'purple', 'pink', 'white', 'black'],
]

/** The basic colours that a lexicon has, with their values. */
export function paletteOf({ colors }: Pick<Lexicon, 'colors'>): readonly (readonly [name: string, lab: Lab])[] {
  return basicColors.filter((name) => name in colors).map((name) => [name, labOf(rgbOfHex(colors[name]!))] as const)
}

/** The palette's colour that is nearest. */
export function nearestColor(lab: Lab, palette: readonly (readonly [name: string, lab: Lab])[]): string {
  let best = { name: '', far: Number.POSITIVE_INFINITY }
  for (const [name, value] of palette) {
    const far = distance(lab, value)
    if (far < best.far) best = { name, far }
  }
  return best.name
}

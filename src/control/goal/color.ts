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

/**
 * How far a colour is from what a name means, for names that people give loosely: hue counts in full, lightness and
 * vividness less, since light changes them and "violet" is said of a pale one too (after CIE94, with other weights).
 */
export function nameDistance(a: Lab, b: Lab): number {
  const [c1, c2] = [Math.hypot(a[1], a[2]), Math.hypot(b[1], b[2])]
  const hue = Math.hypot(a[1] - b[1], a[2] - b[2]) ** 2 - (c1 - c2) ** 2
  return Math.hypot((a[0] - b[0]) / 2.5, (c1 - c2) / 3, Math.sqrt(Math.max(0, hue)))
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

/**
 * Colours that people name beside those of a lexicon, by what has them. Values are those of the XKCD colour survey (CC0).
 * Such a word is a colour only before a noun: a lemon is a fruit.
 */
export const moreColors: Readonly<Record<string, string>> = {
  ...{
    lemon: '#fdff52',
    lime: '#aaff32',
    cherry: '#cf0234',
  },
  ...{
    cinnabar: '#e34234',
    garnet: '#733635',
  },
  ...{ blood: '#770001', lipstick: '#d5174e', grass: '#5cac2d', forest: '#0b5509', fern: '#63a950' },
  ...{ pine: '#2b5d34', pea: '#a4bf20', sky: '#82cafc', ocean: '#017b92', midnight: '#03012d', leather: '#ac7434' },
  ...{ mud: '#735c12', walnut: '#5c4033', hazelnut: '#a57f60', bone: '#e3dac9', ash: '#b2beb5', smoke: '#bfc8c3' },
  ...{ steel: '#738595', lead: '#5b5d62', ebony: '#282c35', coal: '#1b1b1b', ink: '#16161d', sunflower: '#ffc512' },
  ...{ honey: '#e8a317', dandelion: '#fedf08', carnation: '#fd798f', flamingo: '#fc8eac', iris: '#6258c4' },
}

/** What stands before a colour and makes it a shade of itself: "sky blue", "hot pink". */
export const shadeWords: ReadonlySet<string> = new Set([
  ...[
    'light',
    'dark',
    'pale',
    'bright',
    'deep',
    'dull',
    'medium',
    'pastel',
    'faded',
    'neon',
    'soft',
    'vivid',
    'strong',
  ],
  ...['royal', 'baby', 'hot', 'ice', 'electric', 'sea', 'leaf', 'army', 'fire', 'warm', 'cold', 'cool', 'rich', 'very'],
  ...['darker', 'lighter', 'deeper', 'paler', 'brighter', 'powder', 'bottle', 'racing', 'candy', 'signal', 'pure'],
])

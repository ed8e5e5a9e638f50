// The published benchmark's colours (CLIPort, cliport/utils/utils.py; the Tableau 10 palette).

import type { Rgb } from './mesh.js'

const bytes = {
  blue: [78, 121, 167],
  red: [255, 87, 89],
  green: [89, 169, 79],
  orange: [242, 142, 43],
  yellow: [237, 201, 72],
  purple: [176, 122, 161],
  pink: [255, 157, 167],
  cyan: [118, 183, 178],
  brown: [156, 117, 95],
  white: [255, 255, 255],
  gray: [186, 176, 172],
} as const

export type ColorName = keyof typeof bytes

export const colorNames = Object.keys(bytes) as readonly ColorName[]

/** Colours of training scenes, and of evaluation scenes of the `unseen` tasks. */
export const trainColors: readonly ColorName[] = ['blue', 'red', 'green', 'yellow', 'brown', 'gray', 'cyan']
export const evalColors: readonly ColorName[] = ['blue', 'red', 'green', 'orange', 'purple', 'pink', 'white']

export function rgbOf(name: ColorName): Rgb {
  return bytes[name].map((byte) => byte / 255) as unknown as Rgb
}

export type ColorSplit = 'seen' | 'unseen' | 'full'

/** Colours of a scene. `unseen` scenes show evaluation colours only outside training, as published. */
export function paletteOf(split: ColorSplit, seed: number): readonly ColorName[] {
  if (split === 'full') return colorNames
  return split === 'unseen' && isEvaluation(seed) ? evalColors : trainColors
}

/** Even seeds number training scenes, odd seeds those of validation and test. */
export function isEvaluation(seed: number): boolean {
  return seed % 2 !== 0
}

/** The colour that a word names, 'grey' included. */
export function colorOfWord(word: string): ColorName | undefined {
  const name = word.toLowerCase() === 'grey' ? 'gray' : word.toLowerCase()
  return colorNames.find((known) => known === name)
}

// Household things for packing, in place of the publication's scanned objects, which no registry offers: made up here from
// simple parts. 37 are for training; the 19 others appear in validation and test only. docs/household-objects.md lists them.

import { ball, box, composite, type Part, round } from './composite.js'
import type { Rgb } from './mesh.js'
import type { ObjectShape } from './objects.js'

export interface HouseholdObject {
  /** As a sentence calls it; no other object is called so. */
  readonly name: string
  readonly parts: readonly Part[]
}

const red: Rgb = [0.83, 0.16, 0.16]
const blue: Rgb = [0.16, 0.32, 0.72]
const green: Rgb = [0.2, 0.58, 0.24]
const yellow: Rgb = [0.95, 0.8, 0.16]
const orange: Rgb = [0.95, 0.52, 0.12]
const purple: Rgb = [0.52, 0.27, 0.62]
const pink: Rgb = [0.95, 0.56, 0.66]
const white: Rgb = [0.95, 0.95, 0.93]
const cream: Rgb = [0.93, 0.86, 0.68]
const wood: Rgb = [0.68, 0.47, 0.27]
const brown: Rgb = [0.42, 0.27, 0.16]
const gray: Rgb = [0.55, 0.56, 0.58]
const silver: Rgb = [0.77, 0.78, 0.8]
const black: Rgb = [0.1, 0.1, 0.11]
const gold: Rgb = [0.85, 0.66, 0.22]
const teal: Rgb = [0.1, 0.55, 0.55]

function thing(name: string, ...parts: readonly Part[]): HouseholdObject {
  return { name, parts }
}

/** Upright, from one height to another. */
function post(fromM: number, toM: number, radiusM: number, rgb: Rgb, endRadiusM = radiusM, x = 0, y = 0): Part {
  return round([x, y, fromM], [x, y, toM], radiusM, rgb, endRadiusM)
}

/** Lying along x. */
function rod(fromM: number, toM: number, radiusM: number, rgb: Rgb, endRadiusM = radiusM, z = radiusM): Part {
  return round([fromM, 0, z], [toM, 0, z], radiusM, rgb, endRadiusM)
}

/** An axle with two wheels, along y. */
function wheels(x: number, halfWidthM: number, radiusM: number): Part {
  return round([x, -halfWidthM, radiusM], [x, halfWidthM, radiusM], radiusM, black)
}

// biome-ignore format: one thing a line
export const trainObjects: readonly HouseholdObject[] = [
  thing('coffee mug', post(0, 0.08, 0.034, white), post(0.079, 0.0805, 0.029, brown), box([0.02, 0.01, 0.05], [0.042, 0, 0.04], white)),
  thing('soda can', post(0, 0.11, 0.031, red), post(0.11, 0.115, 0.031, silver, 0.026), post(0.03, 0.08, 0.0314, white)),
  thing('water bottle', post(0, 0.12, 0.032, blue), post(0.12, 0.14, 0.032, blue, 0.014), post(0.14, 0.16, 0.014, white)),
  thing('cereal box', box([0.05, 0.11, 0.13], [0, 0, 0.065], orange), box([0.051, 0.08, 0.05], [0, 0, 0.08], yellow), box([0.04, 0.09, 0.001], [0, 0, 0.1305], yellow)),
  thing('milk carton', box([0.065, 0.065, 0.1], [0, 0, 0.05], white), box([0.066, 0.066, 0.03], [0, 0, 0.05], blue), box([0.03, 0.065, 0.03], [0, 0, 0.115], white)),
  thing('banana', round([-0.065, 0.018, 0.017], [-0.03, 0, 0.017], 0.011, yellow, 0.017), round([-0.03, 0, 0.017], [0.03, 0, 0.017], 0.017, yellow), round([0.03, 0, 0.017], [0.065, 0.018, 0.017], 0.017, yellow, 0.011), ball([0.008, 0.008, 0.008], [0.068, 0.02, 0.017], brown)),
  thing('apple', ball([0.038, 0.038, 0.035], [0, 0, 0.035], red), post(0.066, 0.08, 0.003, brown), ball([0.012, 0.006, 0.003], [0.012, 0, 0.076], green)),
  thing('pear', ball([0.035, 0.035, 0.035], [0, 0, 0.035], [0.75, 0.8, 0.25]), ball([0.023, 0.023, 0.03], [0, 0, 0.07], [0.75, 0.8, 0.25]), post(0.096, 0.11, 0.003, brown)),
  thing('egg', ball([0.031, 0.024, 0.024], [0, 0, 0.024], cream)),
  thing('dice', box([0.05, 0.05, 0.05], [0, 0, 0.025], white), ...[[-0.013, -0.013], [0.013, 0.013], [-0.013, 0.013], [0.013, -0.013], [0, 0]].map(([x, y]) => post(0.0495, 0.0507, 0.005, black, 0.005, x, y))),
  thing('puzzle cube', ...[-1, 0, 1].flatMap((i) => [-1, 0, 1].map((k) => box([0.018, 0.018, 0.057], [0.019 * i, 0.019 * k, 0.0285], [red, blue, green, yellow, white, orange][(3 * (i + 1) + k + 1 + i * k + 6) % 6]!)))),
  thing('padlock', box([0.06, 0.05, 0.024], [-0.012, 0, 0.012], gold), box([0.04, 0.008, 0.012], [0.036, -0.017, 0.012], silver), box([0.04, 0.008, 0.012], [0.036, 0.017, 0.012], silver), box([0.008, 0.042, 0.012], [0.056, 0, 0.012], silver)),
  thing('frying pan', round([-0.03, 0, 0], [-0.03, 0, 0.02], 0.045, black, 0.055), round([-0.03, 0, 0.0195], [-0.03, 0, 0.0205], 0.047, gray), round([0.022, 0, 0.016], [0.085, 0, 0.016], 0.008, brown)),
  thing('wooden spoon', ball([0.028, 0.021, 0.01], [-0.055, 0, 0.01], wood), rod(-0.035, 0.085, 0.007, wood)),
  thing('magnifying glass', round([-0.04, 0, 0], [-0.04, 0, 0.01], 0.035, black), round([-0.04, 0, 0.0095], [-0.04, 0, 0.0108], 0.029, [0.75, 0.87, 0.95]), round([-0.006, 0, 0.007], [0.075, 0, 0.007], 0.007, wood)),
  thing('eraser', box([0.06, 0.028, 0.016], [0, 0, 0.008], pink), box([0.03, 0.029, 0.017], [0.015, 0, 0.0085], blue)),
  thing('toy brick', box([0.064, 0.032, 0.022], [0, 0, 0.011], red), ...[-0.024, -0.008, 0.008, 0.024].flatMap((x) => [-0.008, 0.008].map((y) => post(0.022, 0.027, 0.005, red, 0.005, x, y)))),
  thing('battery', rod(-0.035, 0.02, 0.014, black), rod(0.02, 0.035, 0.014, gold), rod(0.035, 0.039, 0.005, silver, 0.005, 0.014)),
  thing('tape roll', post(0, 0.024, 0.042, cream), post(0.0235, 0.0245, 0.025, brown), post(0.024, 0.025, 0.02, black)),
  thing('toy car', box([0.1, 0.046, 0.022], [0, 0, 0.022], red), box([0.05, 0.042, 0.02], [-0.005, 0, 0.043], [0.6, 0.78, 0.9]), box([0.046, 0.043, 0.003], [-0.005, 0, 0.0545], red), wheels(-0.03, 0.025, 0.013), wheels(0.03, 0.025, 0.013)),
  thing('toy bus', box([0.13, 0.046, 0.05], [0, 0, 0.035], yellow), box([0.11, 0.047, 0.014], [0, 0, 0.046], black), wheels(-0.04, 0.025, 0.013), wheels(0.04, 0.025, 0.013)),
  thing('snowman', ball([0.035, 0.035, 0.03], [0, 0, 0.03], white), ball([0.025, 0.025, 0.025], [0, 0, 0.075], white), post(0.095, 0.1, 0.024, black), post(0.1, 0.118, 0.015, black), round([0.02, 0, 0.077], [0.042, 0, 0.077], 0.005, orange, 0.001)),
  thing('dumbbell', rod(-0.03, 0.03, 0.009, silver, 0.009, 0.026), rod(-0.065, -0.03, 0.026, black), rod(0.03, 0.065, 0.026, black)),
  thing('tablet', box([0.15, 0.1, 0.01], [0, 0, 0.005], black), box([0.13, 0.086, 0.001], [0, 0, 0.0103], [0.35, 0.6, 0.85])),
  thing('book', box([0.13, 0.095, 0.026], [0, 0, 0.013], cream), box([0.134, 0.1, 0.003], [0, 0, 0.0275], purple), box([0.134, 0.1, 0.003], [0, 0, 0.0015], purple), box([0.134, 0.004, 0.03], [0, -0.05, 0.015], purple), box([0.06, 0.04, 0.0005], [0, 0.01, 0.0293], gold)),
  thing('alarm clock', round([0, -0.02, 0.04], [0, 0.02, 0.04], 0.036, teal), round([0, 0.0195, 0.04], [0, 0.0212, 0.04], 0.03, white), ball([0.012, 0.01, 0.01], [-0.022, 0, 0.078], silver), ball([0.012, 0.01, 0.01], [0.022, 0, 0.078], silver), box([0.05, 0.036, 0.008], [0, 0, 0.004], teal)),
  thing('mushroom', post(0, 0.04, 0.016, cream, 0.014), ball([0.04, 0.04, 0.022], [0, 0, 0.048], red), ...[[0.02, 0.01], [-0.015, 0.018], [-0.008, -0.022]].map(([x, y]) => ball([0.007, 0.007, 0.006], [x!, y!, 0.064], white))),
  thing('candle', post(0, 0.01, 0.034, gold), post(0.01, 0.09, 0.022, [0.95, 0.93, 0.85]), post(0.09, 0.1, 0.002, black), ball([0.005, 0.005, 0.009], [0, 0, 0.106], orange)),
  thing('flashlight', rod(-0.07, 0.03, 0.014, blue, 0.014, 0.022), rod(0.03, 0.055, 0.014, blue, 0.022, 0.022), rod(0.055, 0.06, 0.022, yellow, 0.022, 0.022), box([0.014, 0.01, 0.008], [-0.01, 0, 0.036], black)),
  thing('paint roller', round([-0.05, -0.05, 0.02], [-0.05, 0.05, 0.02], 0.02, [0.5, 0.8, 0.9]), box([0.045, 0.007, 0.007], [-0.01, 0, 0.02], silver), round([0.01, 0, 0.02], [0.08, 0, 0.02], 0.011, orange)),
  thing('stapler', box([0.12, 0.032, 0.012], [0, 0, 0.006], black), box([0.115, 0.03, 0.02], [0.002, 0, 0.03], red), box([0.03, 0.03, 0.03], [-0.045, 0, 0.02], red)),
  thing('loaf of bread', box([0.12, 0.06, 0.04], [0, 0, 0.02], [0.8, 0.58, 0.32]), ball([0.06, 0.034, 0.024], [0, 0, 0.042], [0.72, 0.48, 0.24])),
  thing('cheese wedge', box([0.07, 0.05, 0.04], [0, 0, 0.02], yellow), ...[[0.02, 0.01], [-0.018, -0.012], [0, 0.018]].map(([x, y]) => post(0.0395, 0.0408, 0.007, gold, 0.007, x, y))),
  thing('game controller', box([0.09, 0.05, 0.03], [0, 0, 0.015], gray), round([-0.045, -0.02, 0.016], [-0.06, 0.045, 0.016], 0.016, gray), round([0.045, -0.02, 0.016], [0.06, 0.045, 0.016], 0.016, gray), post(0.03, 0.042, 0.009, black, 0.009, -0.02, 0.005), post(0.03, 0.042, 0.009, black, 0.009, 0.02, 0.005), post(0.03, 0.034, 0.005, red, 0.005, 0.035, -0.012)),
  thing('tissue box', box([0.12, 0.08, 0.06], [0, 0, 0.03], [0.55, 0.75, 0.85]), box([0.06, 0.03, 0.001], [0, 0, 0.0603], black), ball([0.022, 0.012, 0.022], [0, 0, 0.068], white)),
  thing('bar of soap', ball([0.045, 0.03, 0.014], [0, 0, 0.014], [0.7, 0.9, 0.75]), box([0.05, 0.03, 0.024], [0, 0, 0.013], [0.7, 0.9, 0.75])),
  thing('calculator', box([0.13, 0.075, 0.014], [0, 0, 0.007], black), box([0.03, 0.06, 0.001], [0.042, 0, 0.0143], [0.6, 0.72, 0.58]), ...[-0.045, -0.02, 0.005].flatMap((x) => [-0.022, 0, 0.022].map((y) => box([0.016, 0.014, 0.003], [x, y, 0.015], silver)))),
]

// biome-ignore format: one thing a line
export const heldOutObjects: readonly HouseholdObject[] = [
  thing('hammer', rod(-0.07, 0.05, 0.01, wood, 0.01, 0.014), box([0.026, 0.08, 0.028], [0.055, 0, 0.014], gray)),
  thing('screwdriver', rod(-0.075, 0, 0.014, red), rod(0, 0.075, 0.004, silver, 0.004, 0.014)),
  thing('toy train', box([0.12, 0.045, 0.02], [0, 0, 0.024], green), rod(-0.01, 0.055, 0.02, black, 0.02, 0.05), box([0.045, 0.045, 0.055], [-0.035, 0, 0.06], red), post(0.065, 0.09, 0.008, black, 0.012, 0.04), wheels(-0.035, 0.025, 0.014), wheels(0.005, 0.025, 0.014), wheels(0.045, 0.025, 0.014)),
  thing('brown fedora', post(0, 0.006, 0.07, brown), post(0.006, 0.05, 0.04, brown, 0.034), post(0.008, 0.02, 0.0405, black, 0.039)),
  thing('hiking boot', box([0.12, 0.045, 0.012], [0, 0, 0.006], black), box([0.115, 0.042, 0.035], [0, 0, 0.029], wood), box([0.05, 0.042, 0.06], [-0.032, 0, 0.075], wood), box([0.035, 0.02, 0.006], [0.015, 0, 0.048], cream)),
  thing('computer mouse', ball([0.05, 0.03, 0.03], [0, 0, 0.012], white), box([0.07, 0.045, 0.012], [0, 0, 0.006], white), box([0.016, 0.006, 0.01], [0.022, 0, 0.036], black)),
  thing('ice cream cone', round([-0.075, 0, 0.026], [0.01, 0, 0.026], 0.004, [0.85, 0.62, 0.35], 0.026), ball([0.03, 0.029, 0.028], [0.022, 0, 0.028], pink), ball([0.008, 0.008, 0.008], [0.05, 0, 0.028], red)),
  thing('baseball bat', rod(-0.08, -0.07, 0.011, wood, 0.011, 0.018), rod(-0.07, 0.0, 0.007, wood, 0.012, 0.018), rod(0, 0.08, 0.012, wood, 0.018, 0.018)),
  thing('teapot', ball([0.045, 0.045, 0.035], [0, 0, 0.035], [0.35, 0.55, 0.75]), post(0.066, 0.074, 0.02, white), ball([0.008, 0.008, 0.008], [0, 0, 0.08], white), round([0.035, 0, 0.03], [0.075, 0, 0.058], 0.01, [0.35, 0.55, 0.75], 0.006), box([0.03, 0.008, 0.035], [-0.055, 0, 0.038], white)),
  thing('camera', box([0.1, 0.04, 0.06], [0, 0, 0.03], black), round([0, 0.02, 0.03], [0, 0.05, 0.03], 0.024, gray), round([0, 0.0495, 0.03], [0, 0.0508, 0.03], 0.018, [0.3, 0.4, 0.6]), box([0.03, 0.03, 0.012], [0, 0, 0.066], silver), post(0.06, 0.068, 0.008, red, 0.008, 0.035)),
  thing('gift box', box([0.08, 0.08, 0.06], [0, 0, 0.03], purple), box([0.012, 0.082, 0.062], [0, 0, 0.031], gold), box([0.082, 0.012, 0.062], [0, 0, 0.031], gold), ball([0.018, 0.01, 0.01], [0.015, 0, 0.069], gold), ball([0.018, 0.01, 0.01], [-0.015, 0, 0.069], gold)),
  thing('cactus', post(0, 0.035, 0.026, [0.75, 0.4, 0.25], 0.032), post(0.034, 0.036, 0.028, brown), post(0.035, 0.1, 0.018, green), ball([0.018, 0.018, 0.012], [0, 0, 0.1], green), ball([0.012, 0.012, 0.018], [0.028, 0, 0.075], green), ball([0.012, 0.012, 0.014], [-0.027, 0, 0.062], green)),
  thing('watering can', post(0, 0.06, 0.036, teal, 0.034), round([0.03, 0, 0.02], [0.078, 0, 0.066], 0.007, teal, 0.007), round([0.076, 0, 0.064], [0.084, 0, 0.072], 0.012, teal, 0.014), box([0.012, 0.01, 0.05], [-0.048, 0, 0.04], teal), box([0.03, 0.01, 0.008], [-0.036, 0, 0.062], teal)),
  thing('toy robot', box([0.045, 0.03, 0.045], [0, 0, 0.05], silver), box([0.032, 0.026, 0.026], [0, 0, 0.087], gray), box([0.006, 0.002, 0.006], [-0.008, 0.0135, 0.09], red), box([0.006, 0.002, 0.006], [0.008, 0.0135, 0.09], red), box([0.014, 0.022, 0.03], [-0.013, 0, 0.015], blue), box([0.014, 0.022, 0.03], [0.013, 0, 0.015], blue), box([0.01, 0.016, 0.038], [-0.03, 0, 0.052], blue), box([0.01, 0.016, 0.038], [0.03, 0, 0.052], blue)),
  thing('traffic cone', box([0.075, 0.075, 0.008], [0, 0, 0.004], orange), post(0.008, 0.04, 0.03, orange, 0.021), post(0.04, 0.06, 0.021, white, 0.016), post(0.06, 0.09, 0.016, orange, 0.008)),
  thing('remote control', box([0.14, 0.045, 0.018], [0, 0, 0.009], black), post(0.018, 0.021, 0.012, gray, 0.012, 0.015), post(0.018, 0.021, 0.006, red, 0.006, 0.055), ...[-0.05, -0.03].flatMap((x) => [-0.012, 0.012].map((y) => box([0.012, 0.012, 0.003], [x, y, 0.0195], white)))),
  thing('rolling pin', rod(-0.08, -0.05, 0.008, wood, 0.008, 0.021), rod(-0.05, 0.05, 0.021, wood), rod(0.05, 0.08, 0.008, wood, 0.008, 0.021)),
  thing('pineapple', ball([0.036, 0.036, 0.045], [0, 0, 0.045], [0.85, 0.6, 0.15]), post(0.085, 0.11, 0.012, green, 0.02), post(0.1, 0.125, 0.01, green, 0.002)),
  thing('paint brush', rod(-0.08, 0.01, 0.008, wood, 0.01, 0.011), box([0.022, 0.036, 0.02], [0.02, 0, 0.011], silver), box([0.04, 0.036, 0.016], [0.05, 0, 0.011], brown)),
]

export const householdObjects: readonly HouseholdObject[] = [...trainObjects, ...heldOutObjects]

/** The thing at the largest scale, up to its own size, at which it fits a rectangle of the table either way round. */
export function fitting({ parts }: HouseholdObject, [roomX, roomY]: readonly [number, number]): ObjectShape {
  const [x, y] = composite(parts, 1).sizeM
  const alongM = Math.min(roomX / x, roomY / y)
  const acrossM = Math.min(roomX / y, roomY / x)
  return composite(parts, Math.min(1, Math.max(alongM, acrossM)))
}

// A person picks and places instead of the policy: two clicks, two angles, then the same checks as for a policy.

import { computed, signal } from '@preact/signals'
import { answer, sentence } from './draft.js'
import { takeOver } from './requests.js'
import { facts } from './store.js'

/** Row u (to the right) and column v (down) of the heightmap. */
export type Pixel = readonly [u: number, v: number]

export interface Takeover {
  readonly pick: Pixel | null
  readonly place: Pixel | null
  readonly pickYawDeg: number
  /** Relative to the pick's: by how much the thing is turned. */
  readonly placeYawDeg: number
  /** What it demonstrates. */
  readonly sentence: string
}

/** null: the policy decides. */
export const takeover = signal<Takeover | null>(null)
export const isChoosing = computed(() => takeover.value !== null && takeover.value.place === null)

export function beginTakeover(): void {
  takeover.value = { pick: null, place: null, pickYawDeg: 0, placeYawDeg: 0, sentence: sentence.peek().trim() }
}

export function endTakeover(): void {
  takeover.value = null
}

/** Starts from what the policy proposes. */
export function takePolicysProposal(): void {
  const proposal = answer.peek()?.preview.proposal
  if (proposal == null || takeover.peek() === null) return
  change({
    pick: proposal.pick.pixel,
    place: proposal.place.pixel,
    pickYawDeg: degrees(proposal.pick.yaw_rad),
    placeYawDeg: degrees(proposal.place.yaw_rad),
  })
}

export function change(what: Partial<Takeover>): void {
  if (takeover.value !== null) takeover.value = { ...takeover.value, ...what }
}

/** The first click picks, every further one says where it goes. */
export function click(pixel: Pixel): void {
  const now = takeover.peek()
  if (now === null) return
  change(now.pick === null ? { pick: pixel } : { place: pixel })
}

export async function executeTakeover(): Promise<boolean> {
  const now = takeover.peek()
  if (now?.pick == null || now.place === null) return false
  const goal = await takeOver({
    pick: { pixel: [...now.pick] },
    place: { pixel: [...now.place] },
    pick_yaw_rad: radians(now.pickYawDeg),
    place_yaw_rad: radians(now.placeYawDeg),
    sentence: now.sentence.trim() || 'a demonstration by hand',
  })
  if (goal !== null) takeover.value = null
  return goal !== null
}

/** x and y of a cell in metres, base frame. */
export function metresOf([u, v]: Pixel): readonly [x: number, y: number] | null {
  const workspace = facts.value?.workspace
  if (workspace === undefined) return null
  const { x_min_m, y_min_m, pixel_m } = workspace
  return [x_min_m + v * pixel_m, y_min_m + u * pixel_m]
}

const degrees = (rad: number) => Math.round((rad * 180) / Math.PI)
const radians = (deg: number) => (deg * Math.PI) / 180

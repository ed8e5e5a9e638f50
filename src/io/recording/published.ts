// Episodes in the layout of CLIPort's data sets: a folder a task and split, in it five folders with one pickle an episode:
// color uint8 [T+1, 3, 480, 640, 3], depth float32 [T+1, 3, 480, 640] in metres, action (T dicts of two poses and a None),
// reward (T+1, the first is 0), info (T+1 dicts: pose and size of each body before the action, and the sentence).

import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliportError } from '../../control/errors.js'
import type { Vec3 } from '../../control/types.js'
import { joined } from '../joined.js'
import { makeFolder } from '../make-folder.js'
import { readPickle } from '../pickle/reader.js'
import { NdArray, type PickleValue, Tuple } from '../pickle/values.js'
import { writePickle } from '../pickle/writer.js'
import { unwritable } from '../unwritable.js'

/** Folders of the layout. */
export const publishedFields = ['action', 'color', 'depth', 'info', 'reward'] as const

/** A folder of our own beside them, with what the layout has no room for; a reader of the layout does not look at it. */
const extrasFolder = 'cliport_edge'

export type Quaternion = readonly [x: number, y: number, z: number, w: number]

/** In the base frame. */
export interface PublishedPose {
  readonly p_base_m: Vec3
  readonly quaternion: Quaternion
}

export interface PublishedBody extends PublishedPose {
  readonly id: number
  readonly sizeM: Vec3
}

export interface PublishedLook {
  readonly sentence: string
  readonly bodies: readonly PublishedBody[]
  /** Of the action before it; 0 in the first. */
  readonly reward: number
  /** RGB8 of all cameras, cameras x rows x cols x 3. */
  readonly color: Uint8Array
  /** Metres along the optical axis, cameras x rows x cols. */
  readonly depthM: Float32Array
}

export interface PublishedAction {
  readonly pick: PublishedPose
  readonly place: PublishedPose
}

/** What our episodes have beyond the layout: JSON texts, stamps and label maps. */
export interface PublishedExtras {
  readonly meta: string
  readonly looks: readonly { readonly stampNs: bigint; readonly truth: string; readonly labels: Uint8Array }[]
  readonly actions: readonly string[]
}

export interface PublishedEpisode {
  /** T + 1. */
  readonly looks: readonly PublishedLook[]
  /** T. */
  readonly actions: readonly PublishedAction[]
  readonly extras?: PublishedExtras
}

/** Sizes of the pictures. */
export interface PublishedSize {
  readonly cameras: number
  readonly rows: number
  readonly cols: number
}

/**
 * Reads the pickles of one episode.
 * @param file for example '000000-2.pkl'
 * @throws CliportError PICKLE_REFUSED for a pickle that asks for anything but arrays, numbers, strings and containers;
 * INPUT_INVALID naming the file for one that is missing, cut off, or not of the layout
 */
export async function readPublished(folder: string, file: string, size: PublishedSize): Promise<PublishedEpisode> {
  const of = (field: string) => loaded(join(folder, field, file))
  const color = arrayOf(await of('color'), 'u1', [size.cameras, size.rows, size.cols, 3], join('color', file))
  const depth = arrayOf(await of('depth'), 'f4', [size.cameras, size.rows, size.cols], join('depth', file))
  const steps = color.shape[0]!
  const items = async (field: string) => itemsOf(await of(field), steps, join(field, file))
  const [action, reward, info] = [await items('action'), await items('reward'), await items('info')]
  if (depth.shape[0] !== steps) throw invalid(join('depth', file), `${steps} looks`, `${depth.shape[0]}`)
  const pictureAt = <A extends Uint8Array | Float32Array>({ data, shape }: NdArray, i: number): A => {
    const length = data.length / shape[0]!
    return data.subarray(i * length, (i + 1) * length) as A
  }
  const looks = info.map((entry, i) => ({
    ...infoOf(entry, join('info', file)),
    reward: numberOf(reward[i], join('reward', file)),
    color: pictureAt<Uint8Array>(color, i),
    depthM: pictureAt<Float32Array>(depth, i),
  }))
  const actions = action.slice(0, -1).map((entry) => actionOf(entry, join('action', file)))
  const extras = await extrasOf(folder, file, steps)
  return { looks, actions, ...(extras === null ? {} : { extras }) }
}

/** Writes the pickles of one episode; each gets its name when it is whole. @throws CliportError INPUT_INVALID, DISK_FULL */
export async function writePublished(
  folder: string,
  file: string,
  { looks, actions, extras }: PublishedEpisode,
  { cameras, rows, cols }: PublishedSize,
): Promise<void> {
  const steps = looks.length
  const floats = (values: readonly number[]) => new NdArray('f8', [values.length], Float64Array.from(values))
  const pose = ({ p_base_m, quaternion }: PublishedPose) => new Tuple(floats(p_base_m), floats(quaternion))
  const dict = (entries: readonly (readonly [PickleValue, PickleValue])[]) => new Map(entries)
  const fields: Record<string, PickleValue> = {
    color: new NdArray(
      'u1',
      [steps, cameras, rows, cols, 3],
      joined(
        looks.map(({ color }) => color),
        Uint8Array,
      ),
    ),
    depth: new NdArray(
      'f4',
      [steps, cameras, rows, cols],
      joined(
        looks.map(({ depthM }) => depthM),
        Float32Array,
      ),
    ),
    action: [
      ...actions.map(({ pick, place }) =>
        dict([
          ['pose0', pose(pick)],
          ['pose1', pose(place)],
        ]),
      ),
      null,
    ],
    reward: looks.map(({ reward }) => reward),
    info: looks.map(({ bodies, sentence }) =>
      dict([
        ...bodies.map(
          ({ id, p_base_m, quaternion, sizeM }) =>
            [BigInt(id), new Tuple(new Tuple(...p_base_m), new Tuple(...quaternion), new Tuple(...sizeM))] as const,
        ),
        ['lang_goal', sentence],
      ]),
    ),
  }
  if (extras !== undefined) fields[extrasFolder] = extrasPickle(extras)
  try {
    for (const [field, value] of Object.entries(fields)) {
      await makeFolder(join(folder, field))
      const path = join(folder, field, file)
      await writeFile(`${path}.part`, writePickle(value))
      await rename(`${path}.part`, path)
    }
  } catch (cause) {
    await Promise.all(Object.keys(fields).map((field) => rm(join(folder, field, `${file}.part`), { force: true })))
    throw unwritable('the episode', join(folder, '*', file), '--out', cause)
  }
}

function extrasPickle({ meta, looks, actions }: PublishedExtras): PickleValue {
  return new Map<PickleValue, PickleValue>([
    ['meta', meta],
    ['looks', looks.map(({ stampNs, truth, labels }) => new Tuple(stampNs, truth, labels))],
    ['actions', actions],
  ])
}

async function extrasOf(folder: string, file: string, steps: number): Promise<PublishedExtras | null> {
  const path = join(folder, extrasFolder, file)
  const value = await loaded(path, true)
  if (value === null) return null
  const dict = value instanceof Map ? (value as ReadonlyMap<PickleValue, PickleValue>) : new Map()
  const [meta, looks, actions] = [dict.get('meta'), dict.get('looks'), dict.get('actions')]
  const isTexts = (items: unknown) => Array.isArray(items) && items.every((item) => typeof item === 'string')
  if (typeof meta !== 'string' || !isTexts(actions) || !Array.isArray(looks) || looks.length !== steps) {
    throw invalid(path, `meta, ${steps} looks and actions`, 'something else')
  }
  return {
    meta,
    actions: actions as readonly string[],
    looks: looks.map((look) => {
      const [stampNs, truth, labels] = Array.isArray(look) ? look : []
      if (typeof stampNs === 'bigint' && typeof truth === 'string' && labels instanceof Uint8Array) {
        return { stampNs, truth, labels: Uint8Array.from(labels) }
      }
      throw invalid(path, 'a stamp, a truth and labels of every look', 'something else')
    }),
  }
}

async function loaded(path: string, mayLack = false): Promise<PickleValue> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (mayLack && cause.code === 'ENOENT') return null
    throw new CliportError('INPUT_INVALID', `Could not read ${path}: ${cause.message}`, {
      stage: 'record',
      hint: `Every episode of the published layout has one pickle in each of ${publishedFields.join(', ')}; copy the data set again`,
      cause,
    })
  })
  return bytes === null ? null : readPickle(bytes, path)
}

function arrayOf(value: PickleValue, type: NdArray['type'], tail: readonly number[], file: string): NdArray {
  const isRight =
    value instanceof NdArray &&
    value.type === type &&
    value.shape.length === tail.length + 1 &&
    value.shape[0]! > 0 &&
    tail.every((side, i) => value.shape[i + 1] === side)
  if (isRight) return value
  const received = value instanceof NdArray ? `${value.type} [${value.shape.join(', ')}]` : 'no array'
  throw invalid(file, `an array ${type} [T+1, ${tail.join(', ')}]`, received)
}

function itemsOf(value: PickleValue, steps: number, file: string): readonly PickleValue[] {
  const items = value instanceof NdArray ? [...value.data] : value
  if (Array.isArray(items) && items.length === steps) return items as readonly PickleValue[]
  throw invalid(file, `a list of ${steps}`, Array.isArray(items) ? `one of ${items.length}` : 'no list')
}

function infoOf(entry: PickleValue, file: string): Pick<PublishedLook, 'sentence' | 'bodies'> {
  if (!(entry instanceof Map)) throw invalid(file, 'a dict of bodies and lang_goal', 'no dict')
  const sentence = entry.get('lang_goal')
  if (typeof sentence !== 'string') throw invalid(file, 'a sentence as lang_goal', typeof sentence)
  const bodies: PublishedBody[] = []
  for (const [id, body] of entry as ReadonlyMap<PickleValue, PickleValue>) {
    if (typeof id !== 'bigint') continue
    const [position, quaternion, size] = Array.isArray(body) ? (body as readonly PickleValue[]) : []
    bodies.push({
      id: Number(id),
      ...poseOf([position, quaternion], file),
      sizeM: vectorOf(size, 3, file) as unknown as Vec3,
    })
  }
  return { sentence, bodies }
}

function actionOf(entry: PickleValue, file: string): PublishedAction {
  if (!(entry instanceof Map)) throw invalid(file, 'a dict with pose0 and pose1', 'no dict')
  return { pick: poseOf(entry.get('pose0'), file), place: poseOf(entry.get('pose1'), file) }
}

function poseOf(pose: unknown, file: string): PublishedPose {
  const [position, quaternion] = Array.isArray(pose) ? pose : []
  return {
    p_base_m: vectorOf(position, 3, file) as unknown as Vec3,
    quaternion: vectorOf(quaternion, 4, file) as unknown as Quaternion,
  }
}

function vectorOf(value: unknown, length: number, file: string): readonly number[] {
  const items = value instanceof NdArray ? [...value.data] : value
  const numbers = Array.isArray(items) ? items.map((item) => numberOf(item, file)) : []
  if (numbers.length === length) return numbers
  throw invalid(file, `${length} numbers of a pose or size`, `${numbers.length}`)
}

/** A number of Python or of NumPy, which is an array without sides for some. */
function numberOf(value: unknown, file: string): number {
  const item = value instanceof NdArray && value.data.length === 1 ? value.data[0] : value
  const number = typeof item === 'bigint' ? Number(item) : item
  if (typeof number === 'number' && Number.isFinite(number)) return number
  throw invalid(file, 'a finite number', String(item))
}

function invalid(file: string, expected: string, received: string): CliportError {
  return new CliportError('INPUT_INVALID', `Expected ${expected} in ${file} but received ${received}`, {
    stage: 'record',
    hint: 'Give a folder of the published layout, for example data/put-block-in-bowl-seen-colors-train',
  })
}

// TensorRT's engines, built ahead of time: one folder for each graph, device, version and precision, with a record of what
// it was built for. An engine is good for exactly that; on anything else ONNX Runtime would build again, for minutes and in
// silence, so that the record is compared before TensorRT is asked.

import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../make-folder.js'
import type { EngineFolders } from './provider-settings.js'

/** All that an engine depends on. */
const keySchema = z.strictObject({
  /** SHA-256 of the graph, and of the weights beside it. */
  model: z.string(),
  /** Name of the GPU, e.g. NVIDIA Orin. */
  device: z.string(),
  onnxruntime: z.string(),
  tensorrt: z.string(),
  precision: z.string(),
  /** TensorRT's options but for paths. */
  options: z.record(z.string(), z.string()),
})
export type EngineKey = z.infer<typeof keySchema>

const recordSchema = z.strictObject({
  format: z.literal('cliport-engine'),
  version: z.literal(1),
  key: keySchema,
  graph: z.string(),
  /** ISO 8601. */
  built_at: z.string(),
  build_s: z.number(),
  /** What TensorRT wrote, with sizes in bytes. */
  files: z.record(z.string(), z.int().positive()),
})
export type EngineRecord = z.infer<typeof recordSchema>

const recordName = 'engine.json'

export function defaultEngines(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cliport', 'engines')
}

function hashOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

/** Folders of an engine and of the timings that it shares with others of its device and versions. */
export function engineFolders(root: string, key: EngineKey): EngineFolders {
  const { model, device, onnxruntime, tensorrt, precision, options } = key
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    engine: join(root, hashOf([model, device, onnxruntime, tensorrt, precision, sorted])),
    timing: join(root, `timings-${hashOf([device, tensorrt])}`),
  }
}

/** Why there is no engine to be used; or the record of the one that there is. */
export type EngineState = { readonly record: EngineRecord } | { readonly missing: string }

/** The engine of a key. One that was built for something else, or is not whole, is none, and the difference is told. */
export async function findEngine(root: string, key: EngineKey): Promise<EngineState> {
  const { engine: folder } = engineFolders(root, key)
  const record = await readRecord(folder)
  if (record !== null) {
    const difference = keyDifference(record.key, key)
    if (difference !== null) return { missing: `the engine in ${folder} is for another ${difference}` }
    const damaged = await firstDamaged(folder, record)
    return damaged === null ? { record } : { missing: `${join(folder, damaged)} is missing or has another size` }
  }
  const others = (await readRecords(root)).filter((other) => other.key.model === key.model)
  const nearest = others.map((other) => keyDifference(other.key, key)).find((difference) => difference !== null)
  return {
    missing:
      nearest === undefined ? 'no engine of this graph is built' : `the engine of this graph is for another ${nearest}`,
  }
}

/** What differs, as "device (built for A, this is B)"; null when all is the same. */
function keyDifference(built: EngineKey, wanted: EngineKey): string | null {
  for (const name of ['device', 'tensorrt', 'onnxruntime', 'precision', 'model'] as const) {
    if (built[name] !== wanted[name]) return `${names[name]} (built for ${built[name]}, this is ${wanted[name]})`
  }
  const options = new Set([...Object.keys(built.options), ...Object.keys(wanted.options)])
  for (const name of options) {
    const [was, is] = [built.options[name] ?? 'nothing', wanted.options[name] ?? 'nothing']
    if (was !== is) return `option ${name} (built with ${was}, asked for ${is})`
  }
  return null
}

const names = {
  device: 'device',
  tensorrt: 'TensorRT version',
  onnxruntime: 'ONNX Runtime version',
  precision: 'precision',
  model: 'graph',
} as const

async function firstDamaged(folder: string, { files }: EngineRecord): Promise<string | null> {
  for (const [name, bytes] of Object.entries(files)) {
    const size = await stat(join(folder, name)).then(
      (found) => found.size,
      () => -1,
    )
    if (size !== bytes) return name
  }
  return null
}

async function readRecord(folder: string): Promise<EngineRecord | null> {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(await readFile(join(folder, recordName), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Every engine below a folder; none when it is not there. */
export async function readRecords(root: string): Promise<EngineRecord[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const records = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => readRecord(join(root, entry.name))),
  )
  return records.filter((record) => record !== null)
}

/** Writes the record of an engine that has just been built: last, so that a build that was interrupted is none. */
export async function recordEngine(
  folder: string,
  record: Pick<EngineRecord, 'key' | 'graph' | 'build_s'>,
): Promise<EngineRecord> {
  await makeFolder(folder)
  const written = (await readdir(folder)).filter((name) => name !== recordName)
  const sizes = await Promise.all(written.map(async (name) => [name, (await stat(join(folder, name))).size] as const))
  const { key, graph, build_s } = record
  const complete: EngineRecord = {
    format: 'cliport-engine',
    version: 1,
    ...{ key, graph, build_s },
    built_at: new Date().toISOString(),
    files: Object.fromEntries(sizes),
  }
  await writeFile(join(folder, recordName), `${JSON.stringify(complete, null, 2)}\n`)
  return complete
}

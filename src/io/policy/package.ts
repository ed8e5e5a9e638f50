// A policy package from disk: every file is read once, checked against its checksum, and only those bytes are used.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliportError, type ErrorCode } from '../../control/errors.js'
import { gridSize } from '../../control/geometry.js'
import {
  type GraphName,
  graphDifference,
  type Manifest,
  manifestSchema,
  packageFormat,
  packageVersion,
  requiredGraphs,
} from './manifest.js'
import { Tokenizer } from './tokenizer.js'

export interface PolicyPackage {
  readonly folder: string
  readonly manifest: Manifest
  readonly tokenizer: Tokenizer
  /** ONNX graphs whose checksums were right. `maps` is absent when the package has none. */
  readonly graphs: Readonly<Record<'text' | 'decide', Uint8Array>> & { readonly maps?: Uint8Array }
}

/**
 * Reads and checks a package folder.
 * @throws CliportError POLICY_INVALID for a missing or malformed file or an unknown format version, POLICY_CHECKSUM for
 * a file that is not the one the manifest was written for, POLICY_SHAPE for graphs that this runtime cannot feed
 */
export async function loadPackage(folder: string): Promise<PolicyPackage> {
  const manifest = parseManifest(folder, (await read(folder, 'manifest.json')).toString('utf8'))
  checkGraphs(folder, manifest)
  const tokenizer = parseTokenizer(folder, manifest, await readChecked(folder, manifest, manifest.tokenizer.file))
  const [text, decide] = await Promise.all([
    readChecked(folder, manifest, 'text.onnx'),
    readChecked(folder, manifest, 'decide.onnx'),
  ])
  const maps = manifest.models.maps ? await readChecked(folder, manifest, 'maps.onnx') : undefined
  return { folder, manifest, tokenizer, graphs: maps ? { text, decide, maps } : { text, decide } }
}

/** An error about a package: `what` names what is wrong with `folder`. */
export function packageError(code: ErrorCode, folder: string, what: string, hint: string, cause?: unknown) {
  return new CliportError(code, `Policy package ${folder}: ${what}`, { stage: 'start', hint, cause })
}

const restore = 'Restore the package, or export it again (models/README.md)'

function parseManifest(folder: string, text: string): Manifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw packageError('POLICY_INVALID', folder, 'manifest.json is not JSON', restore, cause)
  }
  // Said first and alone: of another format or version, nothing else can be expected to fit.
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown }
  if (format !== packageFormat || version !== packageVersion) {
    throw packageError(
      'POLICY_INVALID',
      folder,
      `expected format ${packageFormat} version ${packageVersion} but received ${format} version ${version}`,
      version === undefined ? restore : 'Use a package that was exported by this version of cliport-edge',
    )
  }
  const result = manifestSchema.safeParse(json)
  if (!result.success) {
    throw packageError('POLICY_INVALID', folder, `manifest.json: ${z.prettifyError(result.error)}`, restore)
  }
  return result.data
}

function checkGraphs(folder: string, manifest: Manifest): void {
  const { workspace, rows, cols, models, tokenizer } = manifest
  const grid = gridSize(workspace)
  if (grid.rows !== rows || grid.cols !== cols) {
    throw packageError(
      'POLICY_SHAPE',
      folder,
      `its workspace has ${grid.rows} x ${grid.cols} cells but rows x cols are ${rows} x ${cols}`,
      restore,
    )
  }
  const textSize = models.text.outputs.find((tensor) => tensor.name === 'text')?.shape.at(-1) ?? 0
  const required = requiredGraphs(rows, cols, tokenizer.maxTokens, textSize)
  for (const name of Object.keys(models) as GraphName[]) {
    const received = models[name]
    const difference = received && graphDifference(required[name], received)
    if (difference) throw packageError('POLICY_SHAPE', folder, `${name}.onnx: ${difference}`, restore)
  }
}

function parseTokenizer(folder: string, manifest: Manifest, bytes: Buffer): Tokenizer {
  try {
    const tokenizer = Tokenizer.parse(bytes.toString('utf8'))
    if (tokenizer.maxTokens === manifest.tokenizer.maxTokens) return tokenizer
    throw new Error(`maxTokens is ${tokenizer.maxTokens} but the manifest says ${manifest.tokenizer.maxTokens}`)
  } catch (cause) {
    const what = `${manifest.tokenizer.file}: ${cause instanceof Error ? cause.message : String(cause)}`
    throw packageError('POLICY_INVALID', folder, what, restore, cause)
  }
}

async function readChecked(folder: string, manifest: Manifest, name: string): Promise<Buffer> {
  const expected = manifest.files[name]
  if (expected === undefined) {
    throw packageError('POLICY_INVALID', folder, `manifest.json lists no checksum of ${name}`, restore)
  }
  const bytes = await read(folder, name)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 === expected.sha256) return bytes
  throw packageError(
    'POLICY_CHECKSUM',
    folder,
    `${name} is not the file that the manifest was written for: expected sha256 ${expected.sha256} ` +
      `(${expected.bytes} bytes) but received ${sha256} (${bytes.length} bytes)`,
    restore,
  )
}

async function read(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name))
  } catch (cause) {
    const hint = `Check the path of the package; a package has manifest.json, text.onnx, decide.onnx and a tokenizer`
    throw packageError('POLICY_INVALID', folder, `${name} could not be read: ${(cause as Error).message}`, hint, cause)
  }
}

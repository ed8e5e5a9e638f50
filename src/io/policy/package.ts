// A policy package from disk: every file is checked against its checksum, and is read once and only those bytes are used;
// but for weights beside a graph, which would take twice their size of memory and are mapped from the file.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CliportError, type ErrorCode } from '../../control/errors.js'
import { gridSize } from '../../control/geometry.js'
import { shellCommand } from '../../control/shell-quote.js'
import type { GraphSource } from './graph-runner.js'
import { layoutProblems } from './graph-spec.js'
import { type GraphName, type Manifest, packageFormat, packageVersion, workspaceOf } from './manifest.js'
import { checkManifest } from './manifest-problems.js'
import { parseTokenizer, type SentenceTokenizer } from './sentence-tokenizer.js'

export interface PolicyPackage {
  readonly folder: string
  readonly manifest: Manifest
  readonly tokenizer: SentenceTokenizer
  /** Of manifest.json, lower-case hexadecimal: it has the checksum of every other file. */
  readonly sha256: string
  /** ONNX graphs whose checksums were right: those that the manifest names. */
  readonly graphs: Readonly<Partial<Record<GraphName, GraphSource>>>
}

/**
 * Reads and checks a package folder.
 * @throws CliportError POLICY_INVALID for a missing or malformed file, for a lexicon that the tokenizer does not know or
 * for another format version, POLICY_CHECKSUM for a file that is not the one the manifest was written for, POLICY_SHAPE
 * for graphs that this runtime cannot feed
 */
export async function loadPackage(folder: string): Promise<PolicyPackage> {
  const json = await readPackageFile(folder, 'manifest.json')
  const manifest = parseManifest(folder, json.toString('utf8'))
  checkShapes(folder, manifest)
  const tokenizer = tokenizerOf(folder, manifest, await readChecked(folder, manifest.files, manifest.tokenizer.file))
  checkLexicon(folder, manifest, tokenizer)
  const named = Object.entries(manifest.models).filter(([, graph]) => graph !== undefined)
  const graphs = await Promise.all(named.map(async ([name, graph]) => [name, await graphOf(folder, manifest, graph!)]))
  return {
    folder,
    manifest,
    tokenizer,
    sha256: sha256Of(json),
    graphs: Object.fromEntries(graphs) as PolicyPackage['graphs'],
  }
}

async function graphOf(
  folder: string,
  { files }: Manifest,
  { file, weights }: { readonly file: string; readonly weights?: string | undefined },
): Promise<GraphSource> {
  const bytes = await readChecked(folder, files, file)
  if (weights === undefined) return bytes
  await checkFile(folder, files, weights)
  return join(folder, file)
}

/** An error about a package: `what` names what is wrong with `folder`. */
export function packageError(code: ErrorCode, folder: string, what: string, hint: string, cause?: unknown) {
  return new CliportError(code, `Policy package ${folder}: ${what}`, { stage: 'start', hint, cause })
}

/** The hint for a package that is damaged. */
export const restore = 'Restore the package, or export it again (models/README.md)'

/** A manifest.json of any version. @throws CliportError POLICY_INVALID for what is no JSON object of a policy package */
export function parseAnyManifest(folder: string, text: string): Record<string, unknown> & { version: unknown } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw packageError('POLICY_INVALID', folder, 'manifest.json is not JSON', restore, cause)
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown }
  if (format !== packageFormat) {
    throw packageError('POLICY_INVALID', folder, `expected format ${packageFormat} but received ${format}`, restore)
  }
  return { ...(json as Record<string, unknown>), version }
}

function parseManifest(folder: string, text: string): Manifest {
  const json = parseAnyManifest(folder, text)
  // Said first and alone: of another version, nothing else can be expected to fit.
  if (json.version !== packageVersion) {
    throw packageError(
      'POLICY_INVALID',
      folder,
      `expected format ${packageFormat} version ${packageVersion} but received ${packageFormat} version ${json.version}`,
      json.version === 1
        ? `Convert it: ${shellCommand('npx', 'cliport', 'convert', 'policy', folder, '--out', `${folder.replace(/[/\\]+$/, '')}-v${packageVersion}`)}`
        : 'Use a package that was exported by this version of cliport-edge',
    )
  }
  const checked = checkManifest(json)
  if ('manifest' in checked) return checked.manifest
  const { problems } = checked
  const what = `manifest.json has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`
  throw packageError('POLICY_INVALID', folder, what, restore)
}

function checkShapes(folder: string, manifest: Manifest): void {
  const { rows, cols } = manifest
  const grid = gridSize(workspaceOf(manifest))
  const problems = layoutProblems(manifest)
  if (grid.rows !== rows || grid.cols !== cols) {
    problems.unshift(`its workspace has ${grid.rows} x ${grid.cols} cells but rows x cols are ${rows} x ${cols}`)
  }
  if (problems.length > 0) throw packageError('POLICY_SHAPE', folder, problems.join('; '), restore)
}

/** What a lexicon promises, the tokenizer must understand. */
function checkLexicon(folder: string, { lexicon }: Manifest, tokenizer: SentenceTokenizer): void {
  const unknown = lexiconNames(lexicon).filter((name) => !tokenizer.knows(name))
  if (unknown.length === 0) return
  const what = `manifest.json: lexicon has words that the tokenizer does not know: ${unknown.join(', ')}`
  throw packageError('POLICY_INVALID', folder, what, restore)
}

function lexiconNames({ nouns, colors, relations, parts = [] }: Manifest['lexicon']): string[] {
  return [...Object.values(nouns).flat(), ...Object.keys(colors), ...Object.values(relations).flat(), ...parts]
}

function tokenizerOf(folder: string, manifest: Manifest, bytes: Buffer): SentenceTokenizer {
  try {
    const tokenizer = parseTokenizer(bytes.toString('utf8'))
    if (tokenizer.maxTokens === manifest.tokenizer.max_tokens) return tokenizer
    throw new Error(`maxTokens is ${tokenizer.maxTokens} but the manifest says ${manifest.tokenizer.max_tokens}`)
  } catch (cause) {
    const what = `${manifest.tokenizer.file}: ${cause instanceof Error ? cause.message : String(cause)}`
    throw packageError('POLICY_INVALID', folder, what, restore, cause)
  }
}

/**
 * A file of a package, whose checksum is right.
 * @throws CliportError POLICY_INVALID when it is missing or not listed, POLICY_CHECKSUM when it is another one
 */
export async function readChecked(folder: string, files: Manifest['files'], name: string): Promise<Buffer> {
  const expected = checksumOf(folder, files, name)
  const bytes = await readPackageFile(folder, name)
  expectSame(folder, name, expected, { sha256: sha256Of(bytes), bytes: bytes.length })
  return bytes
}

/** The same of a file that is not kept: it is read in pieces. */
async function checkFile(folder: string, files: Manifest['files'], name: string): Promise<void> {
  const expected = checksumOf(folder, files, name)
  const hash = createHash('sha256')
  let bytes = 0
  try {
    await pipeline(
      createReadStream(join(folder, name), { highWaterMark: 1 << 20 }),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          hash.update(piece)
          bytes += piece.length
        }
      },
    )
  } catch (cause) {
    throw unreadable(folder, name, cause)
  }
  expectSame(folder, name, expected, { sha256: hash.digest('hex'), bytes })
}

type FileEntry = Manifest['files'][string]

function checksumOf(folder: string, files: Manifest['files'], name: string): FileEntry {
  const expected = files[name]
  if (expected !== undefined) return expected
  throw packageError('POLICY_INVALID', folder, `manifest.json lists no checksum of ${name}`, restore)
}

function expectSame(folder: string, name: string, expected: FileEntry, received: FileEntry): void {
  if (received.sha256 === expected.sha256) return
  throw packageError(
    'POLICY_CHECKSUM',
    folder,
    `${name} is not the file that the manifest was written for: expected sha256 ${expected.sha256} ` +
      `(${expected.bytes} bytes) but received ${received.sha256} (${received.bytes} bytes)`,
    restore,
  )
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @throws CliportError POLICY_INVALID */
export async function readPackageFile(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name))
  } catch (cause) {
    throw unreadable(folder, name, cause)
  }
}

function unreadable(folder: string, name: string, cause: unknown): CliportError {
  const hint = 'Check the path of the package; a package has manifest.json, the graphs that it names, and a tokenizer'
  return packageError('POLICY_INVALID', folder, `${name} could not be read: ${(cause as Error).message}`, hint, cause)
}

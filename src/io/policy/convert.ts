// Policy packages of format 1 to format 2: the manifest is written anew, every other file stays byte by byte what it was.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { projectPath } from '../../native/paths.js'
import { makeFolder } from '../make-folder.js'
import { pathExists } from '../path-exists.js'
import { unwritable } from '../unwritable.js'
import { workspaceKeysOf } from '../workspace-keys.js'
import { type GraphName, lexiconSchema, type Manifest, outputRoles, packageFormat, packageVersion } from './manifest.js'
import { loadPackage, packageError, parseAnyManifest, readChecked, readPackageFile, restore } from './package.js'
import { Tokenizer } from './tokenizer.js'

const tensor = z.object({ name: z.string(), type: z.string(), shape: z.array(z.number()) })
const graph = z.object({ inputs: z.array(tensor), outputs: z.array(tensor) })
const anything = z.record(z.string(), z.unknown())

/** What format 1 said. Its graphs were files of fixed names, and their tensors were known by name. */
const manifestV1 = z.object({
  version: z.literal(1),
  name: z.string(),
  architecture: z.string(),
  workspace: z.object({
    xMinM: z.number(),
    xMaxM: z.number(),
    yMinM: z.number(),
    yMaxM: z.number(),
    zMinM: z.number(),
    zMaxM: z.number(),
    pixelM: z.number(),
  }),
  rows: z.number(),
  cols: z.number(),
  rotations: z.number(),
  tokenizer: z.object({ file: z.string(), maxTokens: z.number() }),
  thresholds: anything,
  files: z.record(
    z.string().regex(/^[\w.-]+$/, 'a file name without folders'),
    z.object({ sha256: z.string(), bytes: z.number() }),
  ),
  models: z.object({ text: graph, decide: graph, maps: graph.optional() }),
  network: anything.optional(),
  training: anything,
  scores: anything,
})

type ManifestV1 = z.infer<typeof manifestV1>

/**
 * Writes the package of format 2 to `out`, which must not exist; nothing is left there when anything is wrong.
 * @throws CliportError POLICY_INVALID for a folder that is no package of format 1, POLICY_CHECKSUM for a damaged file,
 * POLICY_SHAPE for graphs that this runtime cannot feed, INPUT_INVALID when `out` exists or cannot be written, DISK_FULL
 */
export async function convertPackage(folder: string, out: string): Promise<Manifest> {
  const before = parseV1(folder, (await readPackageFile(folder, 'manifest.json')).toString('utf8'))
  const files = new Map<string, Buffer>()
  for (const name of Object.keys(before.files)) files.set(name, await readChecked(folder, before.files, name))
  const manifest = { ...convertManifest(before), lexicon: await lexiconOf(folder, before, files) }
  await expectAbsent(out)
  const part = `${resolve(out)}.part`
  try {
    await writing(out, async () => {
      await makeFolder(dirname(part))
      await rm(part, { recursive: true, force: true })
      await mkdir(part)
      for (const [name, bytes] of files) await writeFile(join(part, name), bytes)
      await writeFile(join(part, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`)
    })
    const { manifest: checked } = await loadPackage(part)
    await writing(out, () => rename(part, resolve(out)))
    return checked
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

function parseV1(folder: string, text: string): ManifestV1 {
  const json = parseAnyManifest(folder, text)
  if (json.version !== 1) {
    const hint =
      json.version === packageVersion
        ? 'It is of the present format: use it as it is'
        : 'Use the release of cliport-edge that exported it'
    throw packageError('POLICY_INVALID', folder, `expected format version 1 but received ${json.version}`, hint)
  }
  const result = manifestV1.safeParse(json)
  if (result.success) return result.data
  throw packageError('POLICY_INVALID', folder, `manifest.json: ${z.prettifyError(result.error)}`, restore)
}

/** Everything but the lexicon. What it makes is checked as any package is, when it is loaded. */
function convertManifest({ workspace, tokenizer, models, ...kept }: ManifestV1): object {
  const graphs = Object.entries(models).filter(([, spec]) => spec !== undefined)
  return {
    format: packageFormat,
    ...kept,
    version: packageVersion,
    units: { length: 'm', angle: 'rad', color: 'srgb8' },
    workspace: workspaceKeysOf(workspace),
    // Format 1 knew no other.
    end_effectors: ['suction_cup'],
    tokenizer: { file: tokenizer.file, max_tokens: tokenizer.maxTokens },
    models: Object.fromEntries(graphs.map(([name, spec]) => [name, convertGraph(name as GraphName, spec!)])),
  }
}

/** Names were roles; outputs that nobody read are left out. */
function convertGraph(name: GraphName, { inputs, outputs }: z.infer<typeof graph>): object {
  const read = new Set(outputRoles(name))
  const byRole = (tensors: readonly z.infer<typeof tensor>[]) =>
    Object.fromEntries(tensors.map(({ name: role, type, shape }) => [role, { tensor: role, type, shape }]))
  return {
    file: `${name}.onnx`,
    inputs: byRole(inputs),
    outputs: byRole(outputs.filter(({ name: role }) => read.has(role))),
  }
}

/** Of the lexicon of the trainings that wrote format 1, what this package's tokenizer knows. */
async function lexiconOf(folder: string, { tokenizer: { file } }: ManifestV1, files: ReadonlyMap<string, Buffer>) {
  const bytes = files.get(file)
  if (bytes === undefined) {
    throw packageError('POLICY_INVALID', folder, `manifest.json lists no checksum of ${file}`, restore)
  }
  const all = lexiconSchema.parse(JSON.parse(await readFile(projectPath('models/lexicon-of-format-1.json'), 'utf8')))
  let tokenizer: Tokenizer
  try {
    tokenizer = Tokenizer.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw packageError('POLICY_INVALID', folder, `${file}: ${(cause as Error).message}`, restore, cause)
  }
  const known = (groups: Readonly<Record<string, readonly string[]>>) =>
    Object.fromEntries(
      Object.entries(groups)
        .map(([name, words]) => [name, words.filter((word) => tokenizer.knows(word))] as const)
        .filter(([, words]) => words.length > 0),
    )
  return {
    nouns: known(all.nouns),
    colors: Object.fromEntries(Object.entries(all.colors).filter(([name]) => tokenizer.knows(name))),
    relations: known(all.relations),
    tasks: all.tasks,
  }
}

/** @throws CliportError INPUT_INVALID where a package would replace something */
export async function expectAbsent(out: string): Promise<void> {
  if (!(await pathExists(out))) return
  throw new CliportError('INPUT_INVALID', `Expected no file or folder at ${out}, where the package is to be written`, {
    stage: 'start',
    hint: 'Choose another --out, or remove it first',
  })
}

async function writing(out: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    throw unwritable('the package', out, '--out', cause)
  }
}

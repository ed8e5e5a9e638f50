import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { convertPackage } from '../../src/io/policy/convert.js'
import { loadPackage } from '../../src/io/policy/package.js'
import { cliport } from '../fixtures/cli.js'
import { asVersion1, copyOfPackage, shippedManifest, shippedPackage } from '../fixtures/policy.js'

let copy: Awaited<ReturnType<typeof copyOfPackage>>
let out: string
beforeEach(async () => {
  copy = await copyOfPackage()
  await copy.manifest(asVersion1)
  out = join(copy.folder, 'converted')
})
afterEach(() => copy.remove())

test('a package of format 1 becomes the same one of format 2, its other files byte by byte', async () => {
  await convertPackage(copy.folder, out)
  expect(JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'))).toEqual(shippedManifest())
  for (const name of Object.keys(shippedManifest().files)) {
    expect((await readFile(join(out, name))).equals(await readFile(join(shippedPackage, name))), name).toBe(true)
  }
  expect((await loadPackage(out)).manifest).toEqual(shippedManifest())
  expect(existsSync(`${out}.part`)).toBe(false)
})

test('the verb converts, says what it made, and the runtime takes it', async () => {
  const { exitCode, report } = await cliport('convert', 'policy', copy.folder, '--out', out, '--json')
  expect({ exitCode, report }).toEqual({ exitCode: 0, report: { package: out, name: 'edge', version: 2 } })
  expect((await loadPackage(out)).manifest.end_effectors).toEqual(['suction_cup'])
})

test('a lexicon has what the tokenizer of the package knows, and no other word', async () => {
  const tokenizer = JSON.parse((await copy.read('tokenizer.json')).toString()) as { words: string[] }
  const words = tokenizer.words.map((word) =>
    ['cube', 'light', 'red', 'lid', 'cover', 'disc'].includes(word) ? 'xx' : word,
  )
  await copy.replace('tokenizer.json', Buffer.from(JSON.stringify({ ...tokenizer, words })))
  const { lexicon } = await convertPackage(copy.folder, out)
  expect(lexicon.nouns.block).toEqual(['block', 'brick'])
  expect(lexicon.nouns).not.toHaveProperty('lid')
  expect(Object.keys(lexicon.colors).filter((name) => /\b(red|light)\b/.test(name))).toEqual([])
  expect(lexicon.colors.blue).toBe('#4e79a7')
})

test('outputs that nobody read are left out', async () => {
  await copy.manifest((manifest) => {
    const { outputs } = (manifest as unknown as { models: { decide: { outputs: object[] } } }).models.decide
    outputs.push({ name: 'debug', type: 'float32', shape: [1] })
    return manifest
  })
  expect((await convertPackage(copy.folder, out)).models.decide?.outputs).toEqual(
    shippedManifest().models.decide.outputs,
  )
})

test('a flipped bit in any file is POLICY_CHECKSUM, and nothing is written', async () => {
  for (const name of Object.keys(shippedManifest().files)) {
    const bytes = await copy.read(name)
    const damaged = Buffer.from(bytes)
    damaged[damaged.length >> 1]! ^= 1
    await copy.write(name, damaged)
    await expect(convertPackage(copy.folder, out)).rejects.toMatchObject({
      code: 'POLICY_CHECKSUM',
      message: expect.stringContaining(name),
    })
    await copy.write(name, bytes)
  }
  expect([existsSync(out), existsSync(`${out}.part`)]).toEqual([false, false])
})

test('a graph that this runtime cannot feed is refused, and nothing is written', async () => {
  await copy.manifest((manifest) => ({ ...manifest, rows: 321 }))
  await expect(convertPackage(copy.folder, out)).rejects.toMatchObject({ code: 'POLICY_SHAPE' })
  expect([existsSync(out), existsSync(`${out}.part`)]).toEqual([false, false])
})

test('a package of the present format needs no conversion', async () => {
  await expect(convertPackage(shippedPackage, out)).rejects.toMatchObject({
    code: 'POLICY_INVALID',
    hint: expect.stringContaining('as it is'),
  })
})

test('a manifest of format 1 that lacks a key is refused with it', async () => {
  await copy.manifest(({ rotations: _, ...manifest }) => manifest)
  await expect(convertPackage(copy.folder, out)).rejects.toMatchObject({
    code: 'POLICY_INVALID',
    message: expect.stringContaining('rotations'),
  })
})

test('what is there already is never overwritten', async () => {
  await expect(convertPackage(copy.folder, copy.folder)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  expect(JSON.parse((await copy.read('manifest.json')).toString())).toMatchObject({ version: 1 })
})

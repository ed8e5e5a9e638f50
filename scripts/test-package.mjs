// Packs the package, installs it in an empty folder whose path has blanks and letters beyond ASCII, with an empty home,
// and uses it there as a stranger would: a goal on the cell, the command line, an example, types in strict TypeScript.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cliport package '))
const user = join(folder, 'Prüfstand 机器人')
const home = join(folder, 'home')
// Nothing of ours: no settings for onnxruntime-node, no keys, no cache.
const { PATH, CMAKE_CXX_COMPILER_LAUNCHER, CCACHE_DIR, npm_config_cache } = process.env
const kept = { PATH, CMAKE_CXX_COMPILER_LAUNCHER, CCACHE_DIR, npm_config_cache }
const env = { ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)), HOME: home }
const run = (cwd, command, ...args) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1e8 })
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))
const check = (condition, words) => {
  if (!condition) throw new Error(`failed: ${words}`)
  console.log(`ok  ${words}`)
}

try {
  const tarball = join(
    root,
    execFileSync(process.execPath, ['scripts/package.mjs'], { cwd: root, encoding: 'utf8' }).trim(),
  )
  mkdirSync(user, { recursive: true })
  mkdirSync(home)
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }')
  run(user, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball)
  check(true, `it installs in ${user}`)

  cpSync(join(user, 'node_modules/cliport-edge/examples/run-a-goal.mjs'), join(user, 'run-a-goal.mjs'))
  const goal = run(user, process.execPath, 'run-a-goal.mjs')
  check(/outcome +achieved/.test(goal) && /truth +achieved/.test(goal), 'a goal on the cell is achieved')

  const answer = run(user, 'npx', 'cliport', 'eval', '--episodes', '1', '--seed', '1', '--json')
  check(JSON.parse(answer).success_rate === 1, 'npx cliport evaluates a scene')
  const doctor = JSON.parse(run(user, 'npx', 'cliport', 'doctor', '--json'))
  check(doctor.ok, 'npx cliport doctor finds everything that a run needs')

  run(user, 'npx', 'cliport', 'convert', 'policy', packageOfFormat1(), '--out', 'converted')
  check(read(join(user, 'converted/manifest.json')).version === 2, 'npx cliport converts a policy package of format 1')

  const hand = run(user, process.execPath, 'node_modules/cliport-edge/examples/drive-the-arm-by-hand.mjs')
  check(/cleared, disarmed/.test(hand), 'the controller that it brings drives a simulated arm')

  writeFileSync(
    join(user, 'use.ts'),
    `import { CliportError, loadConfig, openSession, type Policy, type Proposal, runGoal } from 'cliport-edge'
     export async function work(policy: Policy): Promise<string> {
       const session = await openSession(await loadConfig({}), { cell: { thread: 'worker', policy: 'package' }, tell: () => {} })
       try {
         const scene = await session.reset({ task: 't', seed: 1, clock: 'free', link: 'in-process' })
         const { outcome, history } = await runGoal('x', { ...session.ports, ...scene.ports, policy }, session.settings)
         const proposal: Proposal | undefined = history.at(-1)?.proposal
         return outcome + (proposal?.pick.p_base_m[0] ?? 0)
       } catch (error) {
         return error instanceof CliportError ? error.hint : 'unexpected'
       } finally {
         await session.close()
       }
     }`,
  )
  const strict = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
  ]
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
  run(user, process.execPath, join(root, 'node_modules/typescript/bin/tsc'), ...strict, ...types, 'use.ts')
  check(true, "its types compile in a stranger's strict TypeScript, library declarations included")
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The shipped package as format 1 had it: tensors in lists, and no lexicon, units or end effectors. */
function packageOfFormat1() {
  const folder = join(user, 'format 1')
  cpSync(join(user, 'node_modules/cliport-edge/models/edge'), folder, { recursive: true })
  const { units: _, lexicon: __, end_effectors: ___, ...manifest } = read(join(folder, 'manifest.json'))
  const { workspace, tokenizer, models } = manifest
  const camelCase = (key) => key.replace(/_(.)/g, (_underscore, letter) => letter.toUpperCase())
  const tensors = (roles) => Object.entries(roles).map(([name, { type, shape }]) => ({ name, type, shape }))
  const graphs = Object.entries(models).map(([name, { inputs, outputs }]) => [
    name,
    { inputs: tensors(inputs), outputs: tensors(outputs) },
  ])
  const old = {
    ...{ ...manifest, version: 1, tokenizer: { file: tokenizer.file, maxTokens: tokenizer.max_tokens } },
    workspace: Object.fromEntries(Object.entries(workspace).map(([key, value]) => [camelCase(key), value])),
    models: Object.fromEntries(graphs),
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(old))
  return folder
}

// node scripts/test-gpu-steps.mjs: the steps of docs/gpu.md as far as a machine without a GPU can take them. Each verb must
// say what is missing, in words of the loader or the driver, and never fall back where a GPU is required. Continuous
// integration runs it. What NVIDIA's libraries would add: scripts/test-gpu-libraries, and on a GPU scripts/check-gpu.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { shippedOnnxRuntime } from '../dist/native/paths.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('CLIPORT_POLICY'))

function run(command, args, settings = {}) {
  const env = { ...Object.fromEntries(kept), ...settings }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** A verb with --json: its exit code and its last line. */
function cliport(args, settings) {
  const { status, stdout, stderr } = run(process.execPath, ['dist/cli/main.js', ...args, '--json'], settings)
  const last = stdout.trim().split('\n').at(-1) ?? ''
  return { status, report: last.startsWith('{') ? JSON.parse(last) : {}, stderr }
}

function check(condition, words, found) {
  if (!condition) throw new Error(`failed: ${words}: ${JSON.stringify(found)}`)
  console.log(`ok  ${words}`)
}

if (run('nvidia-smi', ['-L']).status === 0) {
  console.log('test-gpu-steps: this machine has a GPU, skipped: scripts/check-gpu uses it')
  process.exit(0)
}

const library = shippedOnnxRuntime()
const chain = '[tensorrt, cuda, cpu]'
const named = { CLIPORT_POLICY_LIBRARY: library, CLIPORT_POLICY_PROVIDER: chain }

// x64, step 2; Jetson, step 3: the library that the settings name is the one that is used, and what is missing is named.
const info = cliport(['policy', 'info'], named)
const { provider } = info.report
check(info.status === 0 && provider?.library.path === library, 'policy info shows the library of the settings', info)
check(provider.engine === 'native' && provider.used === 'cpu', 'it computes on the CPU, on the own engine', provider)
for (const { name, usable, reason } of provider.chain.filter(({ name }) => name !== 'cpu')) {
  check(!usable && /\.so|engine is built|not available|not enabled|is not/.test(reason), `${name}: ${reason}`, reason)
}

// Step 3: where the GPU is required, nothing falls back.
const required = cliport(['eval', '--episodes', '1'], { ...named, CLIPORT_POLICY_REQUIRE: 'gpu' })
const { code, message = '' } = required.report.error ?? {}
check(required.status === 3 && code === 'ADDON_MISSING', 'require: gpu ends with ADDON_MISSING', required)
check(
  ['tensorrt', 'cuda'].every((name) => message.includes(`${name}: `)),
  'it says why of both providers',
  message,
)

// An option that the library does not know is never a reason to fall back.
const misspelt = cliport(['policy', 'info'], { ...named, CLIPORT_POLICY_PRECISION: 'fp17' })
check(
  misspelt.status === 2 && misspelt.report.error.code === 'CONFIG_INVALID',
  'a misspelt setting is refused',
  misspelt,
)

// Step 5; Jetson, step 4: no engine can be built here.
const build = cliport(['policy', 'build', '--precision', 'fp16'], named)
check(build.status === 3 && build.report.error?.code === 'ADDON_MISSING', 'policy build says what is missing', build)

// The comparison on a GPU: nothing was compared, and it says so.
const compared = run('scripts/check-gpu', [], { CLIPORT_POLICY_LIBRARY: library })
check(
  compared.status === 1 && compared.stderr.includes('no provider of a GPU can be used here'),
  'check-gpu says that nothing was compared',
  compared,
)

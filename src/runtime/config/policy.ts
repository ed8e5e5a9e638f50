// Where decisions come from: a package that runs in this process, or a server. Which one a section means, its keys say.

import { z } from 'zod'
import { problemOfAddress } from '../../io/link/address.js'
import { engines, providers } from '../../io/policy/graph-runner.js'
import { precisions } from '../../io/policy/provider-settings.js'

/** One provider, or several in the order in which they are tried. */
const chain = z.preprocess(
  (value) => (Array.isArray(value) ? value : [value]),
  z
    .array(z.enum(providers))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'each provider once'),
)

/** ONNX Runtime's own names and values; YAML's numbers are taken as they are written. */
const providerOptions = z.record(z.string(), z.union([z.string(), z.number()]).transform(String))

/** Options that would make every decision the first one. */
const cudaGraphs = [
  ['cuda', 'enable_cuda_graph'],
  ['tensorrt', 'trt_cuda_graph_enable'],
] as const

const policyPackage = z
  .strictObject({
    kind: z.literal('package'),
    package: z.string().min(1).default('models/edge').describe('folder of the policy package'),
    provider: chain.default(['cpu']).describe('tensorrt, cuda, cpu: tried in the order given'),
    require: z.enum(['any', 'gpu']).default('any').describe('gpu: never on the CPU'),
    engine: z.enum(['auto', ...engines]).default('auto'),
    library: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("file of another ONNX Runtime than onnxruntime-node's"),
    precision: z.enum(precisions).default('fp32').describe("of TensorRT's engines"),
    workspace_mb: z.int().min(16).max(1_000_000).default(1024).describe('most memory for TensorRT'),
    provider_options: z
      .strictObject({ tensorrt: providerOptions.optional(), cuda: providerOptions.optional() })
      .default({}),
    engines: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("folder of TensorRT's engines; null: ~/.cache/cliport/engines"),
    threads: z.int().min(1).max(64).default(2),
  })
  .superRefine((settings, context) => {
    const refuse = (path: string, message: string, input: unknown) =>
      context.addIssue({ code: 'custom', path: [path], message, input })
    if (settings.require === 'gpu' && settings.provider.every((name) => name === 'cpu')) {
      refuse('provider', 'Expected tensorrt or cuda where policy.require is gpu', settings.provider)
    }
    for (const [provider, name] of cudaGraphs) {
      if (['0', 'false', 'False', undefined].includes(settings.provider_options[provider]?.[name])) continue
      // A captured graph reads the addresses of its first run for ever (microsoft/onnxruntime#20050).
      refuse('provider_options', `Expected no ${name}: the inputs of a decision lie elsewhere each time`, name)
    }
    if (settings.engine !== 'onnxruntime-node') return
    // onnxruntime-node passes a device number to its providers and drops the rest without a word.
    const own = 'which onnxruntime-node does not know: set policy.engine to native'
    if (settings.library !== null) refuse('library', `Expected null but received a library, ${own}`, settings.library)
    if (settings.provider.includes('tensorrt')) refuse('provider', `Expected no tensorrt, ${own}`, settings.provider)
    if (Object.keys(settings.provider_options).length > 0) {
      refuse('provider_options', `Expected no options, ${own}`, settings.provider_options)
    }
  })

const policyServer = z.strictObject({
  kind: z.literal('server'),
  server: z
    .string()
    .superRefine((address, context) => {
      const problem = problemOfServer(address)
      if (problem !== null) context.addIssue({ code: 'custom', message: problem, input: address })
    })
    .describe('address of a policy server'),
  keys: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('folder of keys; null: ~/.config/cliport/policy, and on loopback none'),
  timeout_s: z.number().positive().max(600).default(10).describe('for each answer'),
  package_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits, as cliport policy info shows them')
    .nullable()
    .default(null)
    .describe('the one package that may be served; null: any that fits'),
})

/** Why `text` is no address of a policy server; null when it is one. */
function problemOfServer(text: string): string | null {
  return text.startsWith('tcp://') ? problemOfAddress(text) : 'Expected an address like tcp://10.0.0.3:7001'
}

/** Settings of a policy in another process. */
export type ServerSettings = z.infer<typeof policyServer>
export type PackageSettings = z.infer<typeof policyPackage>

/** `kind` may be left out: a section with `server` is a server, any other a package. */
export const policy = z.preprocess(withKind, z.discriminatedUnion('kind', [policyPackage, policyServer]))

/** Keys of both, in order. */
export const policyKeys: readonly string[] = [...new Set([...keysOf('package'), ...keysOf('server')])]

/** The keys that a section of this content may have. */
export function policyKeysOf(content: unknown): readonly string[] {
  return keysOf((withKind(content) as { kind?: unknown }).kind === 'server' ? 'server' : 'package')
}

/** Content of a lower layer that `key` of a higher one leaves standing: a server replaces a package, and the reverse. */
export function policyBelow(content: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  if (key !== 'server' && key !== 'package') return { ...content }
  const kept = new Set(keysOf(key))
  return Object.fromEntries(Object.entries(content).filter(([name]) => name !== 'kind' && kept.has(name)))
}

function keysOf(kind: 'package' | 'server'): readonly string[] {
  return Object.keys((kind === 'package' ? policyPackage : policyServer).shape)
}

function withKind(content: unknown): unknown {
  if (typeof content !== 'object' || content === null || Array.isArray(content) || 'kind' in content) return content
  return { kind: 'server' in content ? 'server' : 'package', ...content }
}

// Where decisions come from: a package that runs in this process, or a server. Which one a section means, its keys say.

import { z } from 'zod'
import { problemOfAddress } from '../../io/link/address.js'

const policyPackage = z.strictObject({
  kind: z.literal('package'),
  package: z.string().min(1).default('models/edge').describe('folder of the policy package'),
  provider: z.enum(['cpu']).default('cpu'),
  threads: z.int().min(1).max(64).default(2),
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

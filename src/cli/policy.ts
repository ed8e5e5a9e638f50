// cliport policy VERB: a policy for other programs, and what is known of one.

import type { Command } from 'commander'
import pc from 'picocolors'
import { fitLines } from '../control/policy-fit.js'
import { precisionText } from '../io/policy/manifest.js'
import { type BuildProgress, buildPolicy, type PolicyBuildReport } from '../runtime/policy-build.js'
import { describePolicyOf, type PolicyInfoReport } from '../runtime/policy-info.js'
import { servePolicy } from '../runtime/policy-server.js'
import { type CommonOptions, configFor, policyFlags, runVerb, wholeNumber, withCommonOptions } from './context.js'

export function addPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .description('serve a policy to other programs, show what one is, or prepare it for a GPU')
  addServe(policy)
  addInfo(policy)
  addBuild(policy)
}

interface ServeOptions extends CommonOptions {
  readonly bind: string
  readonly keys?: string
  readonly policy?: string
  readonly queue: number
}

function addServe(policy: Command): void {
  withCommonOptions(
    policy
      .command('serve')
      .description('answer frames or heightmaps with where to pick and place, over ZeroMQ, until Ctrl-C'),
  )
    .option('--bind <address>', 'address to listen on; beyond loopback only with --keys', 'tcp://127.0.0.1:7001')
    .option('--keys <folder>', 'CURVE keys: clients need one that the folder lists (docs/policy-server.md)')
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .option('--queue <n>', 'requests that may wait; the next gets BUSY', wholeNumber(1, 10_000), 64)
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  await runVerb(
    options,
    async ({ signal, tell, print }) => {
      const { bind, keys, policy, queue, json } = options
      const config = await configFor(options, policyFlags(policy))
      const counts = await servePolicy({
        ...{ config, bind, queue, signal, tell },
        ...(keys === undefined ? {} : { keys }),
        onReady: (ready) => {
          const guarded = ready.keys ? ', with keys' : ''
          print(json ? JSON.stringify(ready) : `${ready.policy} listens on ${ready.address}${guarded} (Ctrl-C ends it)`)
        },
      })
      const { answered, refused, busy } = counts
      return { exitCode: 0, json: counts, lines: [`${answered} answered, ${refused} refused, ${busy} busy`] }
    },
    { isStream: true },
  )
}

interface InfoOptions extends CommonOptions {
  readonly policy?: string
}

function addInfo(policy: Command): void {
  withCommonOptions(
    policy
      .command('info')
      .description('show a policy: files, lexicon, scores, execution providers, and whether it fits this machine'),
  )
    .option(
      '--policy <folder>',
      'policy package, or tcp://HOST:PORT of a policy server (default: policy of the settings)',
    )
    .action((options: InfoOptions) =>
      runVerb(options, async ({ signal }) => {
        const report = await describePolicyOf(await configFor(options, policyFlags(options.policy)), signal)
        return { exitCode: 0, json: report, lines: infoLines(report) }
      }),
    )
}

interface BuildOptions extends CommonOptions {
  readonly policy?: string
  readonly library?: string
  readonly precision?: string
  readonly engines?: string
}

function addBuild(policy: Command): void {
  withCommonOptions(
    policy
      .command('build')
      .description("build TensorRT's engines of a policy ahead of time; what is built already stays (docs/gpu.md)"),
  )
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .option('--library <file>', 'ONNX Runtime built with TensorRT (default: policy.library of the settings)')
    .option('--precision <name>', 'fp32, fp16 or int8 (default: policy.precision of the settings)')
    .option('--engines <folder>', 'where they are kept (default: policy.engines of the settings)')
    .action((options: BuildOptions) =>
      runVerb(options, async ({ signal, tell }) => {
        const config = await configFor(options, {
          ...policyFlags(options.policy),
          'policy.library': options.library,
          'policy.precision': options.precision,
          'policy.engines': options.engines,
        })
        const report = await buildPolicy({ config, signal, onProgress: (progress) => tell(progressLine(progress)) })
        return { exitCode: 0, json: report, lines: buildLines(report) }
      }),
    )
}

function progressLine({ graph, index, of, elapsedS, expectedS }: BuildProgress): string {
  const leftS = expectedS === null ? null : Math.max(0, expectedS - elapsedS)
  const left = leftS === null ? 'first build of this graph, often minutes' : `about ${leftS.toFixed(0)} s left`
  return `engine ${index} of ${of}, ${graph}: ${elapsedS.toFixed(0)} s, ${left}`
}

function buildLines({ policy, device, onnxruntime, tensorrt, precision, engines }: PolicyBuildReport): string[] {
  return [
    `${pc.bold(policy)} for ${device}: ONNX Runtime ${onnxruntime}, TensorRT ${tensorrt}, ${precision}`,
    ...engines.map(
      ({ graph, state, build_s: buildS, bytes, folder }) =>
        `engine       ${graph}: ${state}, ${buildS.toFixed(1)} s to build, ${(bytes / 1e6).toFixed(1)} MB in ${folder}`,
    ),
  ]
}

function engineLines(provider: PolicyInfoReport['provider']): string[] {
  if (provider === null) return []
  const { engine, library, chain, used } = provider
  const nodes = chain.find(({ name }) => name === used)?.nodes ?? {}
  return [
    `engine       ${engine}, ONNX Runtime ${library.version} (${library.path})`,
    ...Object.entries(nodes).map(
      ([graph, counts]) =>
        `nodes        ${graph}: ${Object.entries(counts)
          .map(([name, count]) => `${count} on ${name}`)
          .join(', ')}`,
    ),
  ]
}

function infoLines(report: PolicyInfoReport): string[] {
  const { name, architecture, format, source, package_sha256: sha256, lexicon, thresholds, files, provider } = report
  const words = (record: Readonly<Record<string, unknown>>) => Object.keys(record).join(', ')
  return [
    `${pc.bold(name)} (${architecture}) from ${source}`,
    `format       ${format ?? "the server's"}`,
    `package      ${sha256 ?? 'unknown'}`,
    ...(report.precision === null ? [] : [`precision    ${precisionText({ precision: report.precision })}`]),
    `thresholds   ${Object.entries(thresholds)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
    ...(lexicon === null
      ? ['lexicon      none']
      : [
          `kinds        ${words(lexicon.nouns)}`,
          `colours      ${words(lexicon.colors)}`,
          `relations    ${words(lexicon.relations)}`,
        ]),
    ...Object.entries(files ?? {}).map(([file, { bytes }]) => `file         ${file}, ${(bytes / 1e6).toFixed(2)} MB`),
    ...(provider?.chain ?? []).map(
      ({ name: one, usable, reason }) =>
        `provider     ${one}: ${usable ? 'usable' : reason}${one === provider?.used ? ', used' : ''}`,
    ),
    ...engineLines(provider),
    ...Object.entries(report.scores ?? {}).map(([key, value]) => `score        ${key}: ${JSON.stringify(value)}`),
    '',
    ...fitLines(report.fit),
  ]
}

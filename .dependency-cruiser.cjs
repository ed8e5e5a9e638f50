// The import rules of ARCHITECTURE.md. `control` is pure; `io` and `sim` are adapters of its ports; `runtime` composes
// them; truth (src/sim) never reaches `control` or `io`.
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: to, dependencyTypesNot: ['core'] },
})

module.exports = {
  forbidden: [
    only('control-is-pure', '^src/control', '^src/control', 'control imports nothing outside itself'),
    only('native-is-a-leaf', '^src/native', '^(src/native|node_modules)', 'native loads addons and knows nothing else'),
    only(
      'io-knows-control-and-native',
      '^src/io',
      '^(src/(io|native|control)|node_modules|packages)',
      'io never imports sim',
    ),
    only(
      'sim-knows-control-and-native',
      '^src/sim',
      '^(src/(sim|native|control)|node_modules)',
      'sim never imports io',
    ),
    {
      name: 'control-uses-no-node',
      severity: 'error',
      from: { path: '^src/control' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}

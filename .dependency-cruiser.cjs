// The TypeScript part of the import rules in rooms.json, from which ARCHITECTURE.md's table is made too.
const { rooms, around, onlyImporters } = require('./rooms.json')

/** Node's modules by what they touch; a room that does not list the kind under `uses` may not import them. */
const builtins = {
  files: '^(node:)?fs(/promises)?$',
  sockets: '^(node:)?(net|dgram|tls|https?|http2|dns(/promises)?)$',
  processes: '^(node:)?(child_process|cluster)$',
}
const inside = (folders) => `^(${folders.join('|')})/`
const library = (name) => `(^|/)node_modules/${name}/`
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

function rulesOf({ folder, imports, libraries, uses, node }) {
  // A room inside another one has rules of its own.
  const nested = rooms.map((room) => room.folder).filter((other) => other.startsWith(`${folder}/`))
  const from = { path: inside([folder]), ...(nested.length > 0 && { pathNot: inside(nested) }) }
  const name = folder.replaceAll('/', '-')
  const rules = [
    rule(`${name}-rooms`, `${folder} imports only the rooms below it that rooms.json names`, from, {
      pathNot: [inside([folder, ...imports]), '(^|/)node_modules/'],
      dependencyTypesNot: ['core'],
    }),
    rule(`${name}-libraries`, `${folder} imports only the libraries that rooms.json names`, from, {
      path: '(^|/)node_modules/',
      pathNot: [...libraries, ...imports.filter((room) => room.startsWith('packages/')).map(packageName)].map(library),
    }),
  ]
  for (const [kind, path] of Object.entries(builtins)) {
    if (uses.includes(kind)) continue
    rules.push(rule(`${name}-no-${kind}`, `${folder} does not use ${kind}`, from, { path, dependencyTypes: ['core'] }))
  }
  if (node === false) {
    rules.push(rule(`${name}-no-node`, `${folder} is pure TypeScript`, from, { dependencyTypes: ['core'] }))
  }
  return rules
}

function packageName(folder) {
  return require(`./${folder}/package.json`).name
}

const isTypeScript = ({ folder }) => folder.startsWith('src/') || /^packages\/[^/]+$/.test(folder)
const product = rooms.filter(isTypeScript)

module.exports = {
  forbidden: [
    ...product.flatMap(rulesOf),
    rule(
      'nothing-imports-tests-or-scripts',
      'the product imports nothing that stands around it',
      { path: inside(product.map(({ folder }) => folder)), pathNot: '^packages/[^/]+/(tests|scripts|examples)/' },
      { path: inside(around.map(({ folder }) => folder)) },
    ),
    rule(
      'every-file-has-a-room',
      'a folder under src is a room of rooms.json',
      { path: '^src/' },
      {
        path: '^src/',
        pathNot: inside(product.map(({ folder }) => folder)),
      },
    ),
    ...onlyImporters.map(({ library: name, files }) =>
      rule(
        `only-importers-of-${name}`,
        `only the files that rooms.json names import ${name}`,
        { path: '^src/', pathNot: files.map((file) => `^${file}$`) },
        { path: library(name) },
      ),
    ),
    rule('no-cycles', 'no import cycle', {}, { circular: true }),
    rule('resolvable', 'every import is found', { path: '^src/' }, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}

// The rooms of rooms.json: the order of layers, ARCHITECTURE.md's table, native includes, `.node` files.
// TypeScript imports: .dependency-cruiser.cjs, from the same source.
//
//   node scripts/checks/rooms.mjs           checks
//   node scripts/checks/rooms.mjs --write   writes the table

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { finish, root, sourceFiles } from './files.mjs'

const { rooms, around } = JSON.parse(readFileSync(join(root, 'rooms.json'), 'utf8'))
const page = join(root, 'ARCHITECTURE.md')
const [begin, end] = ['<!-- rooms: made from rooms.json by scripts/checks/rooms.mjs -->', '<!-- rooms end -->']
/** Where the compiler looks for a header in quotes, besides the folder of the file. */
const includeFolders = ['native/include', 'native/backends', 'native/controller']
const generated = { 'link.pb.h': 'native/proto', 'deoxys.pb.h': 'native/proto' }

export function tableOf(list, surroundings) {
  const code = (names) => names.map((name) => `\`${name}\``).join(', ')
  const cell = (names, nothing) => (names === 'any' ? 'any' : names.length === 0 ? nothing : code(names))
  const rows = list.map(({ folder, holds, imports, libraries, uses }) => {
    return `| \`${folder}\` | ${holds} | ${cell(imports, 'nothing')} | ${cell(libraries, '-')} | ${uses.join(', ') || '-'} |`
  })
  const more = surroundings.map(({ folder, holds }) => `| \`${folder}\` | ${holds} | all of the above | any | any |`)
  return [
    '| folder | what belongs there | may import | libraries | uses |',
    '|---|---|---|---|---|',
    ...rows,
    ...more,
  ].join('\n')
}

/** A room imports only rooms that stand below it in the list, so that no cycle of rooms is possible. */
export function layerProblems(list) {
  return list.flatMap(({ folder, imports }, index) =>
    imports
      .filter((name) => list.findIndex((room) => room.folder === name) <= index)
      .map((name) => `${folder} may not import ${name}, which does not stand below it in rooms.json`),
  )
}

/** The innermost room of a file. */
export function roomOf(file, list) {
  const holding = list.filter(({ folder }) => file.startsWith(`${folder}/`))
  return holding.sort((a, b) => b.folder.length - a.folder.length)[0]
}

function resolveInclude(file, header) {
  if (generated[header] !== undefined) return generated[header]
  const candidates = [dirname(file), ...includeFolders].map((folder) => normalize(join(folder, header)))
  return candidates.find((candidate) => existsSync(join(root, candidate)))
}

const isStandard = (header) => /^[a-z_]+$/.test(header)
const isPosix = (header) => /^((sys|netinet|arpa)\/)?[a-z_]+\.h$/.test(header) && !/^(zmq|napi)\.h$/.test(header)

export function includeProblems(file, text, list) {
  const room = roomOf(file, list)
  if (room === undefined) return [`${file} is in no room of rooms.json`]
  const problems = []
  for (const [, quote, header] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]/gm)) {
    if (quote === '"') {
      const target = resolveInclude(file, header)
      const to = target === undefined ? undefined : roomOf(`${target}/`, list)
      if (to === undefined) problems.push(`${file} includes "${header}", which is in no room`)
      else if (to !== room && !room.imports.includes(to.folder)) {
        problems.push(`${file} includes "${header}" of ${to.folder}, which ${room.folder} may not import`)
      }
      continue
    }
    const allowed = room.libraries.some((name) => header === name || (name.endsWith('/') && header.startsWith(name)))
    const posix = room.libraries.includes('POSIX') && isPosix(header)
    if (!isStandard(header) && !allowed && !posix) {
      problems.push(`${file} includes <${header}>, which is none of the libraries of ${room.folder}`)
    }
  }
  return problems
}

function nativeProblems() {
  const surroundings = around.map(({ folder }) => `${folder}/`)
  return sourceFiles(['.cpp', '.cu', '.hpp'], ['native', 'packages'])
    .filter((file) => !surroundings.some((folder) => file.startsWith(folder)))
    .flatMap((file) => includeProblems(file, readFileSync(join(root, file), 'utf8'), rooms))
}

/** A path that ends in .node is known in src/native alone. */
function addonProblems() {
  return sourceFiles(['.ts'], ['src'])
    .filter((file) => !file.startsWith('src/native/'))
    .filter((file) => /\.node['"`]/.test(readFileSync(join(root, file), 'utf8')))
    .map((file) => `${file} names a .node file; only src/native does`)
}

function tableProblems(write) {
  const text = readFileSync(page, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) return [`ARCHITECTURE.md has no lines "${begin}" and "${end}"`]
  const wanted = `${text.slice(0, from)}${begin}\n\n${tableOf(rooms, around)}\n\n${text.slice(to)}`
  if (wanted === text) return []
  if (!write) return ['the table of ARCHITECTURE.md is not that of rooms.json: node scripts/checks/rooms.mjs --write']
  writeFileSync(page, wanted)
  return []
}

if (import.meta.filename === process.argv[1]) {
  finish('rooms', [
    ...tableProblems(process.argv.includes('--write')),
    ...layerProblems(rooms),
    ...nativeProblems(),
    ...addonProblems(),
  ])
}

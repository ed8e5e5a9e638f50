// Generates the TypeScript side of native/proto/link.proto into src/io/link/gen (not in git).
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
mkdirSync(`${root}/src/io/link/gen`, { recursive: true })
execFileSync(
  'protoc',
  [
    `--plugin=protoc-gen-es=${root}/node_modules/.bin/protoc-gen-es`,
    `--es_out=${root}/src/io/link/gen`,
    '--es_opt=target=ts,import_extension=js',
    `--proto_path=${root}/native/proto`,
    'link.proto',
  ],
  { stdio: 'inherit' },
)

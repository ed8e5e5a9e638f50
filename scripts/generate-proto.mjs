// Generates the TypeScript side of native/proto into the gen folders of src/io (not in git).
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const room of ['link', 'deoxys']) {
  mkdirSync(`${root}/src/io/${room}/gen`, { recursive: true })
  execFileSync(
    'protoc',
    [
      `--plugin=protoc-gen-es=${root}/node_modules/.bin/protoc-gen-es`,
      `--es_out=${root}/src/io/${room}/gen`,
      '--es_opt=target=ts,import_extension=js',
      `--proto_path=${root}/native/proto`,
      `${room}.proto`,
    ],
    { stdio: 'inherit' },
  )
}

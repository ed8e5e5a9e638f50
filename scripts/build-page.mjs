// Bundles the browser page: src/page -> dist/page. Nothing of it comes from elsewhere when it runs; three.js is a file of its
// own, which is fetched when the rest is already usable.

import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const into = join(root, 'dist/page')
const font = '@fontsource-variable/instrument-sans'

rmSync(into, { recursive: true, force: true })
mkdirSync(into, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: {
    app: 'src/page/main.tsx',
    style: 'src/page/style/index.css',
    'microphone-worklet': 'src/page/microphone-worklet.ts',
  },
  outdir: into,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  legalComments: 'linked',
  chunkNames: '[name]-[hash]',
  external: ['*.woff2'],
  tsconfig: join(root, 'src/page/tsconfig.json'),
  logLevel: 'warning',
})
for (const file of readdirSync(join(root, 'src/page/files')))
  cpSync(join(root, 'src/page/files', file), join(into, file))
cpSync(join(root, 'node_modules', font, 'files/instrument-sans-latin-wght-normal.woff2'), join(into, 'font.woff2'))
cpSync(join(root, 'node_modules', font, 'LICENSE'), join(into, 'font.LICENSE.txt'))

// Writes docs/settings.md from the schema of the settings: node scripts/document-settings.mjs (after make setup).
// tests/unit/settings.test.ts fails when the page is not what this writes.

import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * The page: every setting with its type, bounds, default, meaning and environment variable.
 * @param settings of settingsReference
 */
export function settingsPage(settings) {
  const sections = [...new Set(settings.map(({ section }) => section))]
  return `${[
    '# Settings',
    'Made by `node scripts/document-settings.mjs` from the schema and config/default.yaml; do not edit. `cliport config explain` prints the same.',
    'One YAML file that begins with `version: 1`, given by `--config FILE` or CLIPORT_CONFIG. A flag wins over the environment, the environment over the file, the file over the default. `cliport config check` tells every problem at once, with line and column and the nearest right name; `cliport config show --origin` what holds and where it comes from; `cliport config migrate FILE` brings the file of an earlier release up to date.',
    "Settings marked with * can be changed from the service's page too; limits, paths, addresses and executables never.",
    ...sections.flatMap((section) => [`## ${section}`, table(settings.filter((one) => one.section === section))]),
    'Cameras of a real cell are a list, `cameras`: docs/realsense.md.',
  ].join('\n\n')}\n`
}

function table(settings) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(['setting', 'type', 'default', 'meaning', 'environment']),
    '|---|---|---|---|---|',
    ...settings.map(({ path, type, allowed, default: fallback, description, variable, editable }) =>
      line([
        `\`${path}\`${editable ? ' *' : ''}`,
        allowed === '' ? type : `${type}: ${allowed}`,
        fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``,
        description,
        `\`${variable}\``,
      ]),
    ),
  ].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { settingsReference } = await import('../dist/runtime/config/reference.js')
  writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsPage(settingsReference()))
}

// The settings file behind a service: read again, checked, and changed as far as the page may.

import { readFile, rename, writeFile } from 'node:fs/promises'
import type { z } from 'zod'
import { CliportError } from '../control/errors.js'
import { changeSettings, expectSameProtected } from '../runtime/config/edit.js'
import { type ConfigSources, readSettings, type SettingsReading } from '../runtime/config/load.js'
import { settingsReference } from '../runtime/config/reference.js'
import type { Config } from '../runtime/config/schema.js'
import type { settingsProblemsSchema, settingsSchema } from './api-settings.js'

export class SettingsFile {
  constructor(private readonly sources: ConfigSources) {}

  /** The text, and what is wrong with it beside environment and flags. */
  async problems(text?: string): Promise<z.infer<typeof settingsProblemsSchema>> {
    const given = text ?? (await this.#text())
    return { file: this.sources.file ?? null, text: given, problems: [...this.#reading(given).problems] }
  }

  /** Every setting with what the file says now. @param running what the service runs with */
  async all(running: Config): Promise<z.infer<typeof settingsSchema>> {
    const { config, given, originOf } = this.#reading(await this.#text())
    const values = (config ?? given) as Record<string, Record<string, unknown>>
    return {
      file: this.sources.file ?? null,
      settings: settingsReference().map((setting) => {
        const key = setting.path.slice(setting.section.length + 1)
        return { ...setting, value: values[setting.section]?.[key] ?? null, origin: originOf(setting.path) }
      }),
      restart_needed: JSON.stringify(config) !== JSON.stringify(running),
    }
  }

  /** Writes what the page may change, when all of it is valid then. @throws CliportError SERVICE_REFUSED, CONFIG_INVALID */
  async change(values: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#write(changeSettings(await this.#text(), this.#path(), values))
  }

  /** A whole new text, which differs in nothing that is changed in the file only. @throws CliportError SERVICE_REFUSED, CONFIG_INVALID */
  async replace(text: string): Promise<void> {
    expectSameProtected(await this.#text(), text)
    await this.#write(text)
  }

  /** Settings of the file as it is now; null while there are problems. */
  async config(): Promise<Config | null> {
    return this.#reading(await this.#text()).config
  }

  async #write(text: string): Promise<void> {
    const { problems } = this.#reading(text)
    if (problems.length > 0) {
      throw new CliportError('CONFIG_INVALID', problems.join('\n'), {
        stage: 'config',
        hint: 'Nothing was written: correct the lines that are named',
      })
    }
    const path = this.#path()
    try {
      await writeFile(`${path}.new`, text, { flush: true })
      await rename(`${path}.new`, path)
    } catch (cause) {
      throw new CliportError('SERVICE_REFUSED', `The settings file cannot be written: ${(cause as Error).message}`, {
        stage: 'config',
        hint: 'Change it where it is, as whoever may, then restart the service',
        cause,
      })
    }
  }

  #path(): string {
    if (this.sources.file !== undefined) return this.sources.file
    throw new CliportError('SERVICE_REFUSED', 'The service was started without a settings file', {
      stage: 'config',
      hint: 'Start it with --config FILE',
    })
  }

  async #text(): Promise<string> {
    if (this.sources.file === undefined) return ''
    return readFile(this.sources.file, 'utf8').catch(() => '')
  }

  #reading(text: string): SettingsReading {
    const { file, environment = {}, flags = {} } = this.sources
    return readSettings(file === undefined ? null : { text, name: file }, environment, flags)
  }
}

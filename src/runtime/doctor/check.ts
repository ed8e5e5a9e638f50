// What one check of `cliport doctor` finds.

export interface Check {
  readonly id: string
  readonly status: 'ok' | 'warn' | 'fail' | 'skip'
  readonly finding: string
  /** What to do; empty when ok. */
  readonly fix: string
}

/** The stable JSON of `cliport doctor`. */
export interface DoctorReport {
  /** Nothing failed. */
  readonly ok: boolean
  readonly checks: readonly Check[]
}

export type Finding = Omit<Check, 'id'>

export const ok = (finding: string): Finding => ({ status: 'ok', finding, fix: '' })
export const warn = (finding: string, fix: string): Finding => ({ status: 'warn', finding, fix })
export const fail = (finding: string, fix: string): Finding => ({ status: 'fail', finding, fix })
/** Not looked at, because nothing here needs it. */
export const skip = (finding: string, fix = ''): Finding => ({ status: 'skip', finding, fix })

/** An error as a finding: its own hint is what to do. */
export function failed(error: unknown, fix: string): Finding {
  const { message, hint } = error as Error & { hint?: string }
  return fail(message, hint ?? fix)
}

/** Checks in their order. One that throws has failed, and the next one is looked at all the same. */
export class Checks {
  readonly #checks: Check[] = []

  async run(id: string, check: () => Finding | Promise<Finding>): Promise<void> {
    this.#checks.push({ id, ...(await this.#finding(check)) })
  }

  add(checks: readonly Check[]): void {
    this.#checks.push(...checks)
  }

  get report(): DoctorReport {
    return { ok: this.#checks.every(({ status }) => status !== 'fail'), checks: [...this.#checks] }
  }

  async #finding(check: () => Finding | Promise<Finding>): Promise<Finding> {
    try {
      return await check()
    } catch (error) {
      return failed(error, 'Report this with the whole output')
    }
  }
}

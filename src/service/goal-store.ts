// The goals that were given, on disk: SQLite in WAL mode, every transaction on the disk before the call returns
// (synchronous=FULL). Calls block while the disk writes, so the service uses it in a thread of its own (goal-store-client).

import { chmodSync } from 'node:fs'
import Database from 'libsql'
import { CliportError } from '../control/errors.js'
import { type Goal, goalSchema } from './api.js'
import { storeFailure, unusable } from './goal-store-failure.js'

/** What is given with a new goal. */
export interface NewGoal {
  readonly sentence: string
  readonly kind: Goal['kind']
  readonly source: string
  /** Given twice, it means the same goal. */
  readonly key?: string
  readonly front?: boolean
  readonly atMs: number
  /** Unfinished goals that there may be. */
  readonly most: number
}

export interface ListGoals {
  readonly state: 'unfinished' | 'finished' | 'all'
  readonly outcome?: string
  readonly text?: string
  readonly limit: number
  /** Goals that were given before this one. */
  readonly before?: string
}

/** How a goal ended, or was put off. */
export interface GoalEnd {
  readonly state: 'done' | 'paused' | 'canceled'
  readonly atMs: number
  readonly outcome?: Goal['outcome']
  readonly reason: string
  readonly folder?: string
  readonly report?: object
}

const schemaVersion = 1
const schema = `
  CREATE TABLE goals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    rank REAL NOT NULL,
    kind TEXT NOT NULL,
    sentence TEXT NOT NULL,
    state TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    starts INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    reason TEXT,
    folder TEXT,
    report TEXT,
    flag TEXT,
    note TEXT NOT NULL DEFAULT '',
    key TEXT UNIQUE
  );
  CREATE INDEX goals_by_state ON goals (state, rank);
  PRAGMA user_version = ${schemaVersion};
`

const unfinished = `state IN ('queued', 'running', 'paused')`

export class GoalStore {
  readonly #db: Database.Database
  readonly #path: string

  /**
   * Opens the store, and makes it where there is none.
   * @throws CliportError STORE_FAILED, DISK_FULL; so does every call
   */
  constructor(path: string) {
    this.#path = path
    this.#db = this.#guarded(() => {
      const db = new Database(path)
      // Sentences are of people; nobody else reads them.
      chmodSync(path, 0o600)
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = FULL')
      return db
    })
    const version = this.#guarded(
      () => (this.#db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version,
    )
    if (version === 0) this.#guarded(() => this.#db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`))
    else if (version !== schemaVersion) {
      throw unusable(
        path,
        `it has format ${version}, and this release knows ${schemaVersion}`,
        'Use the release that wrote it, or move the file away',
      )
    }
  }

  /**
   * Goals that were left unfinished by whoever used the store before: none of them runs, and none begins by itself. What a
   * person had clicked is canceled: the table is another one by now, and the policy must not run it instead.
   * @returns how many are paused
   */
  pauseUnfinished(reason: string): number {
    return this.#transaction(() => {
      this.#db
        .prepare(
          `UPDATE goals SET state = 'canceled', ended_at_ms = coalesce(started_at_ms, created_at_ms),
           reason = 'the service ended before it did' WHERE ${unfinished} AND kind = 'takeover'`,
        )
        .run()
      return this.#db.prepare(`UPDATE goals SET state = 'paused', reason = ? WHERE ${unfinished}`).run(reason).changes
    })
  }

  /** The goal, on the disk; the one that was given before with the same key. @throws CliportError QUEUE_FULL */
  add({ sentence, kind, source, key, front = false, atMs, most }: NewGoal): {
    readonly goal: Goal
    readonly isNew: boolean
  } {
    const added = this.#transaction(() => {
      const known = key === undefined ? undefined : this.#db.prepare('SELECT * FROM goals WHERE key = ?').get(key)
      if (known !== undefined) return { goal: goalOf(known), isNew: false }
      const { n } = this.#db.prepare(`SELECT count(*) AS n FROM goals WHERE ${unfinished}`).get() as { n: number }
      if (n >= most) return null
      const { low, high } = this.#db
        .prepare(`SELECT min(rank) AS low, max(rank) AS high FROM goals WHERE ${unfinished}`)
        .get() as { low: number | null; high: number | null }
      const rank = front ? (low ?? 0) - 1 : (high ?? 0) + 1
      const { lastInsertRowid } = this.#db
        .prepare(
          `INSERT INTO goals (rank, kind, sentence, state, source, created_at_ms, key) VALUES (?, ?, ?, 'queued', ?, ?, ?)`,
        )
        .run(rank, kind, sentence, source, atMs, key ?? null)
      return { goal: this.#row(Number(lastInsertRowid))!, isNew: true }
    })
    if (added !== null) return added
    throw new CliportError('QUEUE_FULL', `Expected fewer than ${most} unfinished goals`, {
      stage: 'serve',
      hint: 'Wait until some are done, cancel some, or raise service.queue_max in the settings',
      retryable: true,
    })
  }

  get(id: string): Goal | null {
    return this.#guarded(() => this.#row(numberOf(id)))
  }

  /** Unfinished goals, in the order in which they run. */
  queue(): Goal[] {
    return this.#guarded(() =>
      this.#db.prepare(`SELECT * FROM goals WHERE ${unfinished} ORDER BY rank`).all().map(goalOf),
    )
  }

  /** Newest first. */
  list({ state, outcome, text, limit, before }: ListGoals): Goal[] {
    const where: string[] = []
    const values: unknown[] = []
    const and = (condition: string, ...given: unknown[]) => {
      where.push(condition)
      values.push(...given)
    }
    if (state !== 'all') and(state === 'unfinished' ? unfinished : `NOT ${unfinished}`)
    if (outcome !== undefined) and('outcome = ?', outcome)
    if (text !== undefined) and('instr(lower(sentence), lower(?)) > 0', text)
    if (before !== undefined) and('number < ?', numberOf(before))
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
    return this.#guarded(() =>
      this.#db
        .prepare(`SELECT * FROM goals ${condition} ORDER BY number DESC LIMIT ?`)
        .all(...values, limit)
        .map(goalOf),
    )
  }

  /** The first queued goal is begun: on the disk before it runs. Null: none is queued. */
  begin(atMs: number, id?: string): Goal | null {
    return this.#transaction(() => {
      const next = (
        id === undefined
          ? this.#db.prepare(`SELECT number FROM goals WHERE state = 'queued' ORDER BY rank LIMIT 1`).get()
          : this.#db.prepare(`SELECT number FROM goals WHERE state = 'queued' AND number = ?`).get(numberOf(id))
      ) as { number: number } | undefined
      if (next === undefined) return null
      this.#db
        .prepare(
          `UPDATE goals SET state = 'running', starts = starts + 1, started_at_ms = ?, reason = NULL WHERE number = ?`,
        )
        .run(atMs, next.number)
      return this.#row(next.number)
    })
  }

  /** Queued again as if it had not been begun: nothing has moved for it. */
  putBack(id: string): Goal | null {
    return this.#transaction(() => {
      this.#db
        .prepare(
          `UPDATE goals SET state = 'queued', starts = starts - 1, started_at_ms = NULL WHERE number = ? AND state = 'running'`,
        )
        .run(numberOf(id))
      return this.#row(numberOf(id))
    })
  }

  /** Null where it is not unfinished any more. */
  end(id: string, { state, atMs, outcome, reason, folder, report }: GoalEnd): Goal | null {
    return this.#transaction(() => {
      const { changes } = this.#db
        .prepare(
          `UPDATE goals SET state = ?, ended_at_ms = ?, outcome = ?, reason = ?, folder = ?, report = ?
           WHERE number = ? AND ${unfinished}`,
        )
        .run(
          state,
          state === 'paused' ? null : atMs,
          outcome ?? null,
          reason,
          folder ?? null,
          report === undefined ? null : JSON.stringify(report),
          numberOf(id),
        )
      return changes === 0 ? null : this.#row(numberOf(id))
    })
  }

  /** Queued again, in its old place. Null where it is not paused. */
  resume(id: string): Goal | null {
    return this.#transaction(() => {
      const { changes } = this.#db
        .prepare(`UPDATE goals SET state = 'queued', reason = NULL WHERE number = ? AND state = 'paused'`)
        .run(numberOf(id))
      return changes === 0 ? null : this.#row(numberOf(id))
    })
  }

  /** Every paused goal is queued again. */
  resumeAll(): Goal[] {
    return this.#transaction(() => {
      const paused = this.#db.prepare(`SELECT number FROM goals WHERE state = 'paused' ORDER BY rank`).all() as {
        number: number
      }[]
      this.#db.prepare(`UPDATE goals SET state = 'queued', reason = NULL WHERE state = 'paused'`).run()
      return paused.map(({ number }) => this.#row(number)!)
    })
  }

  /** @param before id of the unfinished goal that then comes after it; null: to the end. False where either is none */
  move(id: string, before: string | null): boolean {
    return this.#transaction(() => {
      const ids = (
        this.#db.prepare(`SELECT number FROM goals WHERE ${unfinished} ORDER BY rank`).all() as { number: number }[]
      )
        .map(({ number }) => number)
        .filter((number) => number !== numberOf(id))
      const at = before === null ? ids.length : ids.indexOf(numberOf(before))
      const { n } = this.#db
        .prepare(`SELECT count(*) AS n FROM goals WHERE number = ? AND ${unfinished}`)
        .get(numberOf(id)) as { n: number }
      if (at < 0 || n === 0) return false
      ids.splice(at, 0, numberOf(id))
      const rank = this.#db.prepare('UPDATE goals SET rank = ? WHERE number = ?')
      for (const [i, number] of ids.entries()) rank.run(i + 1, number)
      return true
    })
  }

  /** A person's judgement of a run. Null where there is no such goal. */
  flag(id: string, flag: Goal['flag'], note: string): Goal | null {
    return this.#transaction(() => {
      this.#db.prepare('UPDATE goals SET flag = ?, note = ? WHERE number = ?').run(flag, note, numberOf(id))
      return this.#row(numberOf(id))
    })
  }

  /** Forgets the oldest finished goals beyond this number. @returns how many */
  prune(keep: number): number {
    return this.#guarded(
      () =>
        this.#db
          .prepare(
            `DELETE FROM goals WHERE NOT ${unfinished} AND number <=
             (SELECT number FROM goals WHERE NOT ${unfinished} ORDER BY number DESC LIMIT 1 OFFSET ?)`,
          )
          .run(keep).changes,
    )
  }

  close(): void {
    this.#db.close()
  }

  #row(number: number): Goal | null {
    const row = this.#db.prepare('SELECT * FROM goals WHERE number = ?').get(number)
    return row === undefined ? null : goalOf(row)
  }

  /** All of it, or nothing. What went wrong first is thrown: a full disk has ended the transaction by itself already. */
  #transaction<T>(work: () => T): T {
    return this.#guarded(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        const value = work()
        this.#db.exec('COMMIT')
        return value
      } catch (cause) {
        if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
        throw cause
      }
    })
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw storeFailure(this.#path, cause)
    }
  }
}

/** Of no goal: -1. */
function numberOf(id: string): number {
  return /^g\d{1,15}$/.test(id) ? Number(id.slice(1)) : -1
}

/** The columns that a goal has; the library adds some of its own. */
const columns = Object.keys(goalSchema.shape).filter((key) => key !== 'id' && key !== 'report')

function goalOf(row: unknown): Goal {
  const { number, report, ...rest } = row as Record<string, unknown>
  return {
    id: `g${number}`,
    ...Object.fromEntries(columns.map((key) => [key, rest[key]])),
    report: report === null ? null : JSON.parse(report as string),
  } as Goal
}

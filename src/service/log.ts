// The service's log: one JSON object a line for journald and whatever reads it, or lines for a person at a terminal.

import { pino } from 'pino'
import type { ServiceEvent } from './api.js'
import type { Hub } from './hub.js'

/** Takes what happened; `fields` are for programs. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** JSON lines: `{"level":"info","time":"2026-...","msg":...}`. @param write takes whole lines */
export function jsonLog(write: (line: string) => void): Log {
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    { write },
  )
  return {
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
  }
}

/** For a person; fields are left out. */
export function lineLog(tell: (line: string) => void): Log {
  return { info: tell, warn: tell }
}

/** Logs what changes: goals, the session, problems; runs tell their own lines. @returns a function that ends it */
export function logEvents(hub: Hub, log: Log): () => void {
  return hub.listen(({ body }) => {
    if (typeof body === 'string') tellOf(JSON.parse(body) as ServiceEvent, log)
  })
}

function tellOf({ event, data }: ServiceEvent, log: Log): void {
  switch (event) {
    case 'session': {
      const { mode, reason, running } = data
      log.info(`session ${mode}${reason === null ? '' : `: ${reason}`}`, { event, mode, reason, goal: running })
      return
    }
    case 'goal': {
      const { id, state, outcome, reason, sentence, source, folder } = data
      log.info(`goal ${id} ${outcome ?? state}: ${sentence}`, { event, id, state, outcome, reason, source, folder })
      return
    }
    case 'problem':
      log.warn(`${data.code}: ${data.message}`, { event, ...data })
      return
    case 'question':
      if (data.question !== null) log.info(`asks: ${data.question.reason}`, { event, goal: data.question.goal_id })
      return
    default: // told elsewhere, or too often
  }
}

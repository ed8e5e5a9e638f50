// Why the arm stopped, faulted, or did not do what it was asked to: one enum for the whole system, `Reason` of
// native/proto/link.proto. The union is generated from there (scripts/generate-proto.mjs).

import type { Reason } from './gen/reason.js'

export { type Reason, reasons } from './gen/reason.js'

/** For a person: 'stop_requested: the red button', 'watchdog'; empty when there is no reason. */
export function describeReason({ reason, detail }: { readonly reason: Reason; readonly detail: string }): string {
  return [reason === 'none' ? '' : reason, detail].filter((words) => words !== '').join(': ')
}

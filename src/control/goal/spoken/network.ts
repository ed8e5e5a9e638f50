// Rules over words as automata: for each rule a deterministic one, whose arcs are words and other rules.

/** What a rule allows: words (one blank between them), a sequence, a choice, a repetition, or another rule. */
export type Expression =
  | string
  | readonly Expression[]
  | { readonly any: readonly Expression[] }
  | { readonly maybe: Expression }
  | { readonly many: Expression }
  | { readonly some: Expression }
  | { readonly rule: string }

/** A state of a rule's automaton. */
export interface NetworkState {
  /** Unique over all rules. */
  readonly id: number
  readonly rule: string
  readonly isFinal: boolean
  readonly words: ReadonlyMap<string, NetworkState>
  readonly rules: ReadonlyMap<string, NetworkState>
}

/** Where each rule begins. */
export interface Network {
  readonly starts: ReadonlyMap<string, NetworkState>
  /** Rules that may be no word at all. */
  readonly nullable: ReadonlySet<string>
}

/** A state while its rule is read: arcs without a label are free. */
interface Draft {
  readonly free: Draft[]
  readonly arcs: { readonly label: string; readonly isRule: boolean; readonly to: Draft }[]
}

/** @throws Error for a rule that no one gives */
export function buildNetwork(rules: Readonly<Record<string, Expression>>): Network {
  const starts = new Map<string, NetworkState>()
  let nextId = 0
  for (const [rule, expression] of Object.entries(rules)) {
    const [start, end] = [draft(), draft()]
    connect(expression, start, end)
    starts.set(
      rule,
      determinize(rule, start, end, () => nextId++),
    )
  }
  for (const state of reachable(starts.values())) {
    for (const name of state.rules.keys()) {
      if (!starts.has(name)) throw new Error(`The rule ${state.rule} names ${name}, which is no rule`)
    }
  }
  return { starts, nullable: nullableRules(starts) }
}

function draft(): Draft {
  return { free: [], arcs: [] }
}

function connect(expression: Expression, from: Draft, to: Draft): void {
  if (typeof expression === 'string') {
    connectAll(expression.split(' '), from, to, (word, a, b) => a.arcs.push({ label: word, isRule: false, to: b }))
  } else if (Array.isArray(expression)) {
    connectAll(expression as readonly Expression[], from, to, connect)
  } else if ('any' in expression) {
    for (const each of expression.any) connect(each, from, to)
  } else if ('rule' in expression) {
    from.arcs.push({ label: expression.rule, isRule: true, to })
  } else if ('maybe' in expression) {
    from.free.push(to)
    connect(expression.maybe, from, to)
  } else {
    const [inner, isMany] =
      'many' in expression ? [expression.many, true] : [(expression as { some: Expression }).some, false]
    const [begin, end] = [draft(), draft()]
    from.free.push(begin)
    connect(inner, begin, end)
    end.free.push(begin, to)
    if (isMany) begin.free.push(to)
  }
}

function connectAll<T>(
  parts: readonly T[],
  from: Draft,
  to: Draft,
  one: (part: T, a: Draft, b: Draft) => unknown,
): void {
  let at = from
  for (const part of parts) {
    const next = draft()
    one(part, at, next)
    at = next
  }
  at.free.push(to)
}

/** The subset construction (M. O. Rabin, D. Scott, "Finite automata and their decision problems", 1959). */
function determinize(rule: string, start: Draft, end: Draft, newId: () => number): NetworkState {
  const numbers = new Map<Draft, number>()
  const numberOf = (one: Draft) => numbers.get(one) ?? numbers.set(one, numbers.size).get(one)!
  const made = new Map<string, NetworkState>()
  const stateOf = (drafts: readonly Draft[]): NetworkState => {
    const all = closure(drafts)
    const key = [...all]
      .map(numberOf)
      .sort((a, b) => a - b)
      .join(' ')
    const known = made.get(key)
    if (known !== undefined) return known
    const [words, rules] = [new Map<string, NetworkState>(), new Map<string, NetworkState>()]
    const state = { id: newId(), rule, isFinal: all.has(end), words, rules }
    made.set(key, state)
    const targets = new Map<string, { isRule: boolean; label: string; to: Draft[] }>()
    for (const { arcs } of all) {
      for (const { label, isRule, to } of arcs) {
        const name = `${isRule} ${label}`
        const target = targets.get(name) ?? { isRule, label, to: [] }
        targets.set(name, target)
        target.to.push(to)
      }
    }
    for (const { isRule, label, to } of targets.values()) (isRule ? rules : words).set(label, stateOf(to))
    return state
  }
  return stateOf([start])
}

function closure(drafts: readonly Draft[]): Set<Draft> {
  const all = new Set(drafts)
  for (const one of all) for (const next of one.free) all.add(next)
  return all
}

function reachable(from: Iterable<NetworkState>): Set<NetworkState> {
  const all = new Set(from)
  for (const { words, rules } of all) for (const next of [...words.values(), ...rules.values()]) all.add(next)
  return all
}

function nullableRules(starts: ReadonlyMap<string, NetworkState>): ReadonlySet<string> {
  const nullable = new Set<string>()
  const canEnd = (state: NetworkState, seen: Set<NetworkState>): boolean => {
    if (state.isFinal) return true
    seen.add(state)
    return [...state.rules].some(([rule, next]) => nullable.has(rule) && !seen.has(next) && canEnd(next, seen))
  }
  for (let size = -1; size !== nullable.size; ) {
    size = nullable.size
    for (const [rule, start] of starts) if (canEnd(start, new Set())) nullable.add(rule)
  }
  return nullable
}

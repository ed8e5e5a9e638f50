// Which words may come next: an Earley chart that grows by one word at a time and may branch, as a beam does.
// J. Earley, "An efficient context-free parsing algorithm", CACM 13(2), 1970; empty rules as in J. Aycock, R. N. Horspool,
// "Practical Earley Parsing", The Computer Journal 45(6), 2002.

import type { Network, NetworkState } from './network.js'

/** A rule that was begun at `origin` and has come to `state`. */
interface Item {
  readonly state: NetworkState
  readonly origin: Position
}

/** What is known after some words of a sentence. Positions never change, so that many sentences can share their beginning. */
export class Position {
  readonly #network: Network
  readonly #root: string
  readonly #items: Item[] = []
  /** Rule -> items that wait for one that begins here. */
  readonly #waiting = new Map<string, Item[]>()
  readonly #following = new Map<string, Position>()
  #isComplete = false

  private constructor(network: Network, root: string) {
    this.#network = network
    this.#root = root
  }

  /** Before the first word of a sentence of this rule. */
  static start(network: Network, root: string): Position {
    const position = new Position(network, root)
    position.#grow([{ state: network.starts.get(root)!, origin: position }], position)
    return position
  }

  /** Whether the words so far are a whole sentence. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Words that may come next. */
  get words(): ReadonlySet<string> {
    const states = new Set(this.#items.map(({ state }) => state))
    return new Set([...states].flatMap(({ words }) => [...words.keys()]))
  }

  /** After one more word; null where the grammar has none such here. */
  after(word: string): Position | null {
    const known = this.#following.get(word)
    if (known !== undefined) return known
    const items = this.#items.flatMap(({ state, origin }): Item[] => {
      const next = state.words.get(word)
      return next === undefined ? [] : [{ state: next, origin }]
    })
    if (items.length === 0) return null
    const position = new Position(this.#network, this.#root)
    position.#grow(items, null)
    this.#following.set(word, position)
    return position
  }

  /** @param start this position, where it is the first */
  #grow(kernel: readonly Item[], start: Position | null): void {
    const seen = new Map<NetworkState, Set<Position>>()
    const add = (state: NetworkState, origin: Position) => {
      const origins = seen.get(state) ?? new Set()
      seen.set(state, origins)
      if (origins.has(origin)) return
      origins.add(origin)
      this.#items.push({ state, origin })
    }
    for (const { state, origin } of kernel) add(state, origin)
    for (let i = 0; i < this.#items.length; i++) {
      const item = this.#items[i]!
      if (item.state.isFinal) this.#complete(item, add)
      for (const [rule, then] of item.state.rules) {
        push(this.#waiting, rule, item)
        add(this.#network.starts.get(rule)!, this)
        if (this.#network.nullable.has(rule)) add(then, item.origin)
      }
    }
    if (start !== null) this.#isComplete = this.#network.nullable.has(this.#root)
  }

  #complete({ state: { rule }, origin }: Item, add: (state: NetworkState, origin: Position) => void): void {
    // A rule that ends where it begins is nullable, and was passed over where it was met.
    if (origin === this) return
    for (const waiting of origin.#waiting.get(rule) ?? []) add(waiting.state.rules.get(rule)!, waiting.origin)
    if (rule === this.#root) this.#isComplete = true
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}

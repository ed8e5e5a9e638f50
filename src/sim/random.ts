// Random numbers by name: one stream a purpose, so that drawing more colours never moves an object.

/** A stream of reproducible numbers, the same on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number
  /** Whole number in [low, high], both included. */
  integer(low: number, high: number): number
  /** Standard normal (Box and Muller, 1958). */
  normal(): number
  /** One item; the list must not be empty. */
  pick<T>(items: readonly T[]): T
  /** `count` different items in random order. @throws RangeError when there are fewer */
  sample<T>(items: readonly T[], count: number): T[]
}

/** The stream of `purpose` for `seed`: sfc32 (Doty-Humphrey, PractRand), seeded by FNV-1a hashes of both. */
export function random(seed: number, purpose: string): Random {
  const key = `${purpose}/${seed}`
  let a = hash(key, 0x811c9dc5)
  let b = hash(key, 0x9e3779b9)
  let c = hash(key, 0x85ebca6b)
  let counter = 1
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 16; i++) word() // sfc32 mixes its seed within a dozen rounds

  const next = () => word() / 2 ** 32
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    uniform: (low, high) => low + next() * (high - low),
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => items[integer(0, items.length - 1)]!,
    sample: (items, count) => {
      if (count > items.length) throw new RangeError(`Expected at least ${count} items but received ${items.length}`)
      const pool = [...items]
      return Array.from({ length: count }, () => pool.splice(integer(0, pool.length - 1), 1)[0]!)
    },
  }
}

/**
 * The stream that decides which recorded demonstrations are perturbed: mulberry32, 0 <= value < 1. It stays beside
 * `random` because another stream would record other demonstrations for the same seed.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function hash(text: string, basis: number): number {
  let h = basis | 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h
}

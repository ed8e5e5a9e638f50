// Reads pickles of Python, protocols 2 to 5, that hold nothing but arrays of NumPy, numbers, strings, lists, tuples and
// dicts. A pickle is a program for a small stack machine; this one has no instruction that calls anything: whatever else a
// pickle names is refused by that name. Opcodes: CPython, Lib/pickletools.py.

import { CliportError } from '../../control/errors.js'
import { buildArray, callNumpy, type Global, isAllowed, NumpyObject, Refusal } from './numpy.js'
import type { PickleValue } from './values.js'

/** What lies on the machine's stack: values, and what only arrays are made of. */
type Item = PickleValue | Global | NumpyObject | Item[] | Map<Item, Item> | typeof mark

const mark = Symbol('mark')

/** Longest int, bytes. */
const longestInt = 64

/**
 * @param name of the file, for messages
 * @throws CliportError PICKLE_REFUSED naming what the pickle asks for beyond arrays, numbers, strings and containers;
 * INPUT_INVALID for one that is cut off or no pickle
 */
export function readPickle(bytes: Uint8Array, name: string): PickleValue {
  try {
    return new Machine(bytes).run()
  } catch (error) {
    if (error instanceof Refusal) throw refused(name, error.message)
    throw new CliportError('INPUT_INVALID', `${name} is no pickle that can be read: ${(error as Error).message}`, {
      stage: 'record',
      hint: 'Copy the file again; expected a pickle of protocol 2 to 5, as Python 3 writes them',
      cause: error,
    })
  }
}

function refused(name: string, what: string): CliportError {
  return new CliportError('PICKLE_REFUSED', `${name} is refused: ${what}`, {
    stage: 'record',
    hint: 'A data set of the published layout holds arrays, numbers and strings only. Do not load this file with Python: a pickle can run any program',
  })
}

class Machine {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #stack: Item[] = []
  readonly #memo = new Map<number, Item>()
  #at = 0

  constructor(bytes: Uint8Array) {
    // Of a Buffer of Node.js: its `slice` would be a view, not a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  run(): PickleValue {
    if (this.#bytes[0] !== 0x80) {
      const name = textNames(this.#bytes).find((global) => !isAllowed(global))
      if (name !== undefined) throw new Refusal(`it asks for ${name.module}.${name.name}`)
      throw new Error('it does not begin with a protocol of 2 or more')
    }
    for (;;) {
      const opcode = this.#byte()
      if (opcode === 0x2e) return finishedValue(this.#pop()) // STOP
      const step = this.#scalar(opcode) ?? this.#container(opcode) ?? this.#object(opcode)
      if (step === undefined) {
        throw new Error(`unknown opcode 0x${opcode.toString(16)} at byte ${this.#at - 1}`)
      }
    }
  }

  /** Numbers, strings, bytes. Undefined for other opcodes. */
  #scalar(opcode: number): true | undefined {
    switch (opcode) {
      case 0x4e: // NONE
        return this.#push(null)
      case 0x88: // NEWTRUE
        return this.#push(true)
      case 0x89: // NEWFALSE
        return this.#push(false)
      case 0x4b: // BININT1
        return this.#push(BigInt(this.#byte()))
      case 0x4d: // BININT2
        return this.#push(BigInt(this.#view.getUint16(this.#take(2), true)))
      case 0x4a: // BININT
        return this.#push(BigInt(this.#view.getInt32(this.#take(4), true)))
      case 0x8a: // LONG1
        return this.#push(intOf(this.#raw(this.#byte())))
      case 0x8b: // LONG4
        return this.#push(intOf(this.#raw(this.#size(4))))
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#take(8), false))
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#byte()))
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#size(4)))
      case 0x8d: // BINUNICODE8
        return this.#push(this.#text(this.#size(8)))
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#raw(this.#byte()))
      case 0x42: // BINBYTES
        return this.#push(this.#raw(this.#size(4)))
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(this.#raw(this.#size(8)))
      default:
        return undefined
    }
  }

  /** Lists, tuples, dicts, and what goes in and out of the memo. */
  #container(opcode: number): true | undefined {
    switch (opcode) {
      case 0x28: // MARK
        return this.#push(mark)
      case 0x5d: // EMPTY_LIST
        return this.#push([])
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map())
      case 0x29: // EMPTY_TUPLE
        return this.#push([])
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(opcode - 0x84))
      case 0x74: // TUPLE
        return this.#push(this.#popToMark())
      case 0x61: // APPEND
        return this.#append([this.#pop()])
      case 0x65: // APPENDS
        return this.#append(this.#popToMark())
      case 0x73: // SETITEM
        return this.#set(this.#popMany(2))
      case 0x75: // SETITEMS
        return this.#set(this.#popToMark())
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size)
      case 0x71: // BINPUT
        return this.#remember(this.#byte())
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#size(4))
      case 0x68: // BINGET
        return this.#recall(this.#byte())
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#size(4))
      default:
        return undefined
    }
  }

  /** The rest: what a pickle would call. */
  #object(opcode: number): true | undefined {
    switch (opcode) {
      case 0x80: // PROTO
        return this.#expectProtocol(this.#byte())
      case 0x95: // FRAME: a size that a reader of streams needs
        this.#take(8)
        return true
      case 0x30: // POP
        this.#pop()
        return true
      case 0x31: // POP_MARK
        this.#popToMark()
        return true
      case 0x63: // GLOBAL
        return this.#global(this.#line(), this.#line())
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2)
        return this.#global(String(module), String(name))
      }
      case 0x52: {
        // REDUCE
        const [called, given] = this.#popMany(2)
        return this.#push(callNumpy(called, expectArray(given, 'arguments')))
      }
      case 0x62: {
        // BUILD
        const [object, state] = this.#popMany(2)
        if (!(object instanceof NumpyObject)) throw new Refusal('it sets the state of what is no array')
        buildArray(object, expectArray(state, 'a state'))
        return this.#push(object)
      }
      default:
        expectAllowed(opcode, () => this.#line())
        return undefined
    }
  }

  #global(module: string, name: string): true {
    const global = { module, name }
    if (!isAllowed(global)) throw new Refusal(`it asks for ${module}.${name}`)
    return this.#push(global)
  }

  #expectProtocol(protocol: number): true {
    if (protocol < 2 || protocol > 5) throw new Error(`its protocol is ${protocol}`)
    return true
  }

  #push(item: Item): true {
    this.#stack.push(item)
    return true
  }

  #pop(): Item {
    const item = this.#stack.pop()
    if (item === undefined) throw new Error('its stack is empty')
    return item
  }

  #popMany(count: number): Item[] {
    if (this.#stack.length < count) throw new Error('its stack is empty')
    return this.#stack.splice(-count)
  }

  #popToMark(): Item[] {
    const at = this.#stack.lastIndexOf(mark)
    if (at < 0) throw new Error('a mark is missing')
    return this.#stack.splice(at).slice(1)
  }

  #top(): Item {
    const top = this.#stack.at(-1)
    if (top === undefined) throw new Error('its stack is empty')
    return top
  }

  #append(items: readonly Item[]): true {
    const list = expectArray(this.#top(), 'a list')
    for (const item of items) list.push(item)
    return true
  }

  #set(items: readonly Item[]): true {
    const dict = this.#top()
    if (!(dict instanceof Map) || items.length % 2 !== 0) throw new Error('expected a dict with keys and values')
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
    return true
  }

  #remember(index: number): true {
    this.#memo.set(index, this.#top())
    return true
  }

  #recall(index: number): true {
    const item = this.#memo.get(index)
    if (item === undefined) throw new Error(`its memo has nothing at ${index}`)
    return this.#push(item)
  }

  #take(count: number): number {
    const at = this.#at
    if (count > this.#bytes.length - at) throw new Error(`it is cut off: ${count} bytes are missing at byte ${at}`)
    this.#at += count
    return at
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!
  }

  /** Sizes come in little-endian; one of 8 bytes that is too great for a number is greater than any file, too. */
  #size(bytes: 4 | 8): number {
    const at = this.#take(bytes)
    return bytes === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true))
  }

  #raw(count: number): Uint8Array {
    const at = this.#take(count)
    return this.#bytes.subarray(at, at + count)
  }

  #text(count: number): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#raw(count))
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) throw new Error('it is cut off in a name')
    const text = new TextDecoder('latin1').decode(this.#bytes.subarray(this.#at, end))
    this.#at = end + 1
    return text
  }
}

/** What a pickle of protocol 0 or 1 names, which have no header (GLOBAL and INST; a string may look like one). */
function textNames(bytes: Uint8Array): Global[] {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 65_536))
  return [...text.matchAll(/[ci]([A-Za-z_][\w.]*)\n([A-Za-z_][\w.]*)\n/g)].map(([, module, name]) => ({
    module: module!,
    name: name!,
  }))
}

/** Instructions that make, find or call objects by other ways than a name. */
const forbidden: Readonly<Record<number, string>> = {
  111: 'it makes an object (OBJ)',
  129: 'it makes an object (NEWOBJ)',
  146: 'it makes an object (NEWOBJ_EX)',
  80: 'it asks for a persistent object (PERSID)',
  81: 'it asks for a persistent object (BINPERSID)',
  130: 'it asks for a registered extension (EXT1)',
  131: 'it asks for a registered extension (EXT2)',
  132: 'it asks for a registered extension (EXT4)',
  151: 'it asks for a buffer outside the file (NEXT_BUFFER)',
  143: 'it holds a set (EMPTY_SET)',
  145: 'it holds a set (FROZENSET)',
}

function expectAllowed(opcode: number, line: () => string): void {
  if (opcode === 0x69) throw new Refusal(`it asks for ${line()}.${line()}`) // INST
  const what = forbidden[opcode]
  if (what !== undefined) throw new Refusal(what)
}

function expectArray(item: Item | undefined, what: string): Item[] {
  if (Array.isArray(item)) return item as Item[]
  throw new Error(`expected ${what}`)
}

/** Two's complement, little-endian. */
function intOf(bytes: Uint8Array): bigint {
  if (bytes.length > longestInt) throw new Error(`an int has ${bytes.length} bytes`)
  let value = 0n
  for (const byte of bytes.slice().reverse()) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(8 * bytes.length, value)
}

/** Puts finished arrays in the place of what they were made of; nothing may be left that is only part of one. */
function finishedValue(root: Item): PickleValue {
  const seen = new Set<Item>()
  const containers: (Item[] | Map<Item, Item>)[] = []
  const finished = (item: Item): Item => {
    if (typeof item === 'symbol') throw new Error('it ends with a mark')
    if (item instanceof NumpyObject) {
      if (item.array === null) throw new Refusal('it holds a dtype or an unfinished array')
      return item.array
    }
    const isContainer = Array.isArray(item) || item instanceof Map
    if (isContainer && !seen.has(item)) {
      seen.add(item)
      containers.push(item as Item[] | Map<Item, Item>)
    }
    if (typeof item === 'object' && item !== null && 'module' in item) {
      throw new Refusal(`it holds ${item.module}.${item.name}`)
    }
    return item
  }
  const value = finished(root)
  for (let container = containers.pop(); container !== undefined; container = containers.pop()) {
    if (container instanceof Map) {
      for (const [key, item] of container) {
        if (finished(key) !== key) throw new Error('an array is a key of a dict')
        container.set(key, finished(item))
      }
    } else for (const [i, item] of container.entries()) container[i] = finished(item)
  }
  return value as PickleValue
}

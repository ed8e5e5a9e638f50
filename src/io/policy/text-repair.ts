// Repairs text as ftfy does (Speer, 2019), through which CLIP passes every sentence: text that was decoded with the wrong
// encoding is decoded again, HTML escapes are read, typographic variants become plain letters. The steps and their order
// are ftfy's; the tables come with the package (models/cliport_published/text_repair.py).

import { z } from 'zod'

const texts = z.record(z.string(), z.string())

export const repairSchema = z.object({
  /** Text that shows signs of a wrong encoding. */
  broken: z.string(),
  /** UTF-8 that was read as letters, within other text. */
  embedded: z.string(),
  /** Single-byte encodings in the order in which they are tried: the characters of their 256 bytes. */
  encodings: z.record(z.string(), z.string().length(256)),
  /** Bytes of UTF-8 of which one, A0, has become a space. */
  spacedBytes: z.string(),
  spacedWord: z.string(),
  /** Bytes of UTF-8 of which some have been lost, 1A in their places. */
  lostBytes: z.string(),
  ligatures: texts,
  widths: texts,
  /** Names of HTML with what they stand for; those without a semicolon may be followed by anything. */
  entities: texts,
  capitalEntities: texts,
  characterReferences: texts,
})

export type RepairTables = z.infer<typeof repairSchema>

/** Controls that mean nothing in a sentence; white space stays, and 80 to 9F, which stand for letters. */
const removed = /(?![\t\n\f\r\x80-\x9f])\p{Cc}|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu
const c1Controls = /[\x80-\x9f]/g
const terminalEscape = new RegExp(`${String.fromCharCode(0x1b)}\\[[\\p{Nd};]*[a-zA-Z]`, 'gu')
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

interface SingleByte {
  readonly name: string
  readonly letters: readonly string[]
  readonly byteOf: ReadonlyMap<string, number>
}

export class TextRepair {
  readonly #broken: RegExp
  readonly #embedded: RegExp
  readonly #spacedBytes: RegExp
  readonly #spacedWord: RegExp
  readonly #lostBytes: RegExp
  readonly #encodings: readonly SingleByte[]
  readonly #cp1252: readonly string[]
  readonly #variants: ReadonlyMap<string, string>

  constructor(private readonly tables: RepairTables) {
    this.#broken = new RegExp(tables.broken, 'u')
    this.#embedded = new RegExp(tables.embedded, 'gu')
    this.#spacedBytes = new RegExp(tables.spacedBytes, 'g')
    this.#spacedWord = new RegExp(tables.spacedWord, 'g')
    this.#lostBytes = new RegExp(tables.lostBytes, 'g')
    this.#encodings = Object.entries(tables.encodings).map(([name, text]) => {
      const letters = [...text]
      return { name, letters, byteOf: new Map(letters.map((letter, byte) => [letter, byte])) }
    })
    this.#cp1252 = [...tables.encodings['sloppy-windows-1252']!]
    this.#variants = new Map([...Object.entries(tables.ligatures), ...Object.entries(tables.widths)])
  }

  /** Text with line breaks: each line is repaired for itself. */
  repair(text: string): string {
    // Once a line has had a `<`, what looks like an escape may be meant as it stands.
    let readsHtml = true
    return text
      .split(/(?<=\n)/)
      .map((line) => {
        readsHtml &&= !line.includes('<')
        return this.#repairLine(line, readsHtml)
      })
      .join('')
  }

  /** Every HTML escape, in any form that a browser reads (the HTML standard; Python's `html.unescape`). */
  unescape(text: string): string {
    return text.replace(/&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu, (_, name: string) =>
      name.startsWith('#') ? this.#numbered(name) : this.#named(name),
    )
  }

  #named(name: string): string {
    const whole = this.tables.entities[name]
    if (whole !== undefined) return whole
    const letters = [...name]
    for (let length = letters.length - 1; length > 1; length--) {
      const begin = this.tables.entities[letters.slice(0, length).join('')]
      if (begin !== undefined) return begin + letters.slice(length).join('')
    }
    return `&${name}`
  }

  #numbered(name: string): string {
    const digits = name.slice(1).replace(/;$/, '')
    const code = /^[xX]/.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 10)
    const special = this.tables.characterReferences[String(code)]
    if (special !== undefined) return special
    if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return '\ufffd'
    return isNoCharacter(code) ? '' : String.fromCodePoint(code)
  }

  #repairLine(line: string, readsHtml: boolean): string {
    let text = line
    for (;;) {
      const before = text
      if (readsHtml) text = this.#unescapeWhole(text)
      text = this.#repairEncoding(text)
      text = text
        .replace(c1Controls, (letter) => this.#cp1252[letter.charCodeAt(0)]!)
        // Ligatures first, then widths: no character is in both tables.
        .replace(/./gsu, (letter) => this.#variants.get(letter) ?? letter)
        .replace(/[\u201c-\u201f]/g, '"')
        .replace(/[\u02bc\u2018-\u201b]/g, "'")
        .replace(/\r\n|[\r\u2028\u2029\x85]/g, '\n')
        .replace(/\p{Surrogate}/gu, '\ufffd')
        .replace(terminalEscape, '')
        .replace(removed, '')
        .normalize('NFC')
      if (text === before) return text
    }
  }

  /** Escapes that end in a semicolon, those in capitals too. */
  #unescapeWhole(text: string): string {
    return text.replace(/&#?[0-9A-Za-z]{1,24};/g, (reference) => {
      const name = reference.slice(1)
      if (!name.startsWith('#')) return this.tables.capitalEntities[name] ?? this.tables.entities[name] ?? reference
      const read = this.unescape(reference)
      return read.includes(';') ? reference : read
    })
  }

  #repairEncoding(text: string): string {
    let present = text
    for (;;) {
      const next = this.#repairOnce(present)
      if (next === present) return present
      present = next
    }
  }

  #repairOnce(text: string): string {
    if (!this.#isBroken(text)) return text
    const possible = this.#encodings.filter(({ byteOf }) => [...text].every((letter) => byteOf.has(letter)))
    for (const encoding of possible) {
      const read = this.#readAgain(text, encoding)
      if (read !== null) return read
    }
    const mended = text.replace(this.#embedded, (part) =>
      part.length < text.length && this.#isBroken(part) ? this.#repairEncoding(part) : part,
    )
    if (mended !== text) return mended
    // Latin-1 that was meant to be Windows-1252; byte by byte where not all of it has a meaning there.
    return text.replace(c1Controls, (letter) => this.#cp1252[letter.charCodeAt(0)]!)
  }

  #isBroken(text: string): boolean {
    return this.#broken.test(text)
  }

  /** Text as UTF-8 that was read in a single-byte encoding; null when its bytes are none. */
  #readAgain(text: string, { name, byteOf }: SingleByte): string | null {
    let bytes = [...text].map((letter) => String.fromCharCode(byteOf.get(letter)!)).join('')
    // In MacRoman a dash and a space would look like it.
    if (name !== 'macroman' && this.#found(this.#spacedBytes, bytes)) {
      bytes = bytes
        .replace(this.#spacedWord, '\xc3\xa0 ')
        .replace(this.#spacedBytes, (part) => part.replaceAll(' ', '\xa0'))
    }
    if (name.startsWith('sloppy')) bytes = bytes.replace(this.#lostBytes, '\xef\xbf\xbd')
    try {
      return /[\xed\xc0]/.test(bytes) ? decodeVariants(bytes) : decodeUtf8(bytes)
    } catch {
      return null
    }
  }

  #found(pattern: RegExp, bytes: string): boolean {
    return bytes.search(pattern) >= 0
  }
}

/** @param bytes one character a byte. @throws TypeError for what is no UTF-8 */
function decodeUtf8(bytes: string): string {
  return utf8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
}

/** UTF-8 with two habits of Java: surrogates encoded one by one (CESU-8), and C0 80 for the character 0. */
function decodeVariants(bytes: string): string {
  return bytes
    .split(/(\xc0\x80|\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])/)
    .map((part, index) => (index % 2 === 0 ? decodeUtf8(part) : part === '\xc0\x80' ? '\0' : decodeSurrogates(part)))
    .join('')
}

function decodeSurrogates(bytes: string): string {
  const at = (index: number) => bytes.charCodeAt(index)
  const high = ((at(1) & 0x0f) << 16) + ((at(2) & 0x3f) << 10)
  return String.fromCodePoint(high + ((at(4) & 0x0f) << 6) + (at(5) & 0x3f) + 0x10000)
}

/** Code points that a reference in HTML may not name. */
function isNoCharacter(code: number): boolean {
  const isControl = (code >= 1 && code <= 8) || code === 0x0b || (code >= 0x0e && code <= 0x1f)
  return isControl || (code >= 0x7f && code <= 0x9f) || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe
}

// Functions of a C++ file with their lengths, from its braces. No preprocessor runs: a file whose braces do not balance
// is an error, so that nothing is missed without a word.

/** The text with comments, literals and preprocessor lines blanked; line breaks stay. */
export function blanked(text) {
  const token =
    /\/\/(?:\\\r?\n|[^\n])*|\/\*[\s\S]*?\*\/|R"([^()\s\\]{0,16})\([\s\S]*?\)\1"|"(?:\\[\s\S]|[^"\\\n])*"|(?<![0-9A-Fa-f])'(?:\\[\s\S]|[^'\\\n])+'|^[ \t]*#(?:\\\r?\n|\/\*[\s\S]*?\*\/|[^\n])*/gm
  return text.replace(token, (found) => found.replace(/[^\n]/g, ' '))
}

const container =
  /(^|[\s;])(namespace|class|struct|union|enum)\b[^()=]*$|^\s*extern\s*$|\b(class|struct)\s+alignas\s*\([^)]*\)[^()=]*$/
const functionEnd =
  /\)\s*((const|noexcept(\s*\([^()]*\))?|override|final|mutable|volatile|try|&&?|->\s*[\w:<>,\s*&()]+)\s*)*$|\]\s*(mutable\s*)?$/
/**
 * @returns every function (method, test case, lambda outside functions) as {name, line, lines}; lines include signature
 *          and braces
 * @throws Error when braces do not balance
 */
export function cppFunctions(text) {
  const code = blanked(text)
  const lineAt = (index) => code.slice(0, index).split('\n').length
  const found = []
  let headStart = 0
  for (let i = 0; i < code.length; i++) {
    const char = code[i]
    if (char === ';' || char === '}') headStart = i + 1
    if (char !== '{') continue
    const head = code.slice(headStart, i)
    if (container.test(head)) {
      headStart = i + 1
      continue
    }
    const close = closing(code, i)
    if (functionEnd.test(head)) {
      const first = headStart + head.search(/\S/)
      const name = /([\w~:]+|operator\S+)\s*\(/.exec(head)?.[1] ?? 'function'
      found.push({ name, line: lineAt(first), lines: lineAt(close) - lineAt(first) + 1 })
      headStart = close + 1
    }
    i = close // a body, or the braces of an initialiser (`id_{id}`): then the declaration goes on behind them
  }
  closing(`{${code}}`, 0)
  return found
}

/** Index of the brace that closes the one at `open`. */
function closing(code, open) {
  let depth = 0
  for (let i = open; i < code.length; i++) {
    if (code[i] === '{') depth++
    else if (code[i] === '}' && --depth === 0) {
      if (open === 0 && i < code.length - 1 && code.slice(i + 1).includes('}')) break
      return i
    }
  }
  throw new Error('its braces do not balance')
}

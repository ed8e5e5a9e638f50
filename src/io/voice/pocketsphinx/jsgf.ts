// The goals' grammar as JSGF (Java Speech Grammar Format 1.0), for PocketSphinx: it writes out every rule where it is named,
// so what can hold itself is cut short, and it knows only words of its dictionary.

import type { Expression } from '../../../control/goal/spoken/network.js'

/** Rules that are read otherwise than by the text: without relations between things, exceptions and rare forms. */
const shortened: Readonly<Record<string, Expression>> = {
  Command: { any: ['Put', 'TakeThenPut', 'Fill', 'Belongs'].map((rule) => ({ rule })) },
  Put: [{ rule: 'PutVerb' }, { rule: 'Things' }, { rule: 'Destination' }],
  TakeThenPut: [
    { rule: 'TakeVerb' },
    { maybe: 'up' },
    { rule: 'Things' },
    'and',
    { rule: 'PutVerb' },
    { rule: 'Pronoun' },
    { rule: 'Destination' },
  ],
  Fill: [{ rule: 'FillVerb' }, { rule: 'Place' }, 'with', { rule: 'Things' }],
  Belongs: [{ rule: 'Things' }, { any: ['goes', 'go', 'should be', 'should go', 'belongs'] }, { rule: 'Destination' }],
  Things: [{ rule: 'Thing' }, { maybe: ['and', { rule: 'Thing' }] }],
  Thing: { any: [{ rule: 'PlainThing' }, 'everything'] },
  Place: { rule: 'PlainThing' },
  PlainThing: [
    { maybe: { rule: 'Determiner' } },
    { maybe: { rule: 'Selector' } },
    { maybe: { rule: 'Colors' } },
    { rule: 'NamedHead' },
  ],
  Selector: {
    any: [
      { rule: 'Superlative' },
      { rule: 'Number' },
      'big',
      'small',
      'large',
      'little',
      'lightest',
      'middle',
      'darkest',
    ],
  },
  Colors: [{ rule: 'Color' }, { maybe: ['and', { rule: 'Color' }] }],
  Determiner: { any: ['the', 'a', 'all the', 'all', 'every', 'each', 'any', 'both', 'one of the'] },
  Destination: [{ rule: 'Preposition' }, { rule: 'Place' }],
  Opening: {
    any: [
      'please',
      'robot',
      'could you',
      'can you',
      'would you',
      'could you please',
      'i want you to',
      'i would like you to',
    ],
  },
  Ending: { any: ['please', 'now'] },
  Pronoun: { any: ['it', 'them'] },
  Sentence: [
    { maybe: { rule: 'Opening' } },
    { maybe: { any: ['do not', "don't", 'never', 'you must not'] } },
    { rule: 'Command' },
    { maybe: { rule: 'Ending' } },
  ],
}

/** @param isKnown words that the engine's dictionary has; others cannot be heard */
export function jsgfOf(
  rules: Readonly<Record<string, Expression>>,
  root: string,
  isKnown: (word: string) => boolean,
): string {
  const used: Readonly<Record<string, Expression>> = { ...rules, ...shortened }
  /** null: cannot be said. */
  const textOf = (expression: Expression, named: string[]): string | null => {
    if (typeof expression === 'string') {
      const words = expression.split(' ').filter((word) => word !== ',')
      return words.every(isKnown) ? words.join(' ') : null
    }
    if (Array.isArray(expression)) {
      const parts = (expression as readonly Expression[]).map((part) => textOf(part, named))
      return parts.includes(null) ? null : parts.filter((part) => part !== '').join(' ')
    }
    if ('rule' in expression) {
      if (isEmpty(used[expression.rule]!)) return null
      named.push(expression.rule)
      return `<${expression.rule}>`
    }
    if ('any' in expression) {
      const texts = new Set(expression.any.map((each) => textOf(each, named)).filter((each) => each !== null))
      return texts.size === 0 ? null : `( ${[...texts].map((each) => (each === '' ? '<NULL>' : each)).join(' | ')} )`
    }
    // A repetition of a grammar that is cut short anyway: once.
    const inner = textOf(Object.values(expression)[0] as Expression, named)
    const isFree = !('some' in expression)
    if (inner === null || inner === '') return isFree ? '' : inner
    return isFree ? `[ ${inner} ]` : inner
  }
  const lines = ['#JSGF V1.0;', 'grammar goals;']
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const named: string[] = []
    const text = textOf(used[name]!, named)
    lines.push(`${name === root ? 'public ' : ''}<${name}> = ${text ?? ''};`)
    for (const rule of named) visit(rule)
  }
  visit(root)
  return `${lines.join('\n')}\n`
}

/** A rule that nothing is said for: an arrow. */
function isEmpty(expression: Expression): boolean {
  return typeof expression === 'object' && 'any' in expression && expression.any.length === 0
}

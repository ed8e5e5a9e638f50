// The rules of goal.peggy as expressions over words, for what listens (src/control/goal/spoken): a decoder has to know which
// words may come next, which a parser of whole sentences cannot say. Lookahead and conditions are left out, so an expression
// allows what its rule allows and somewhat more; the parser has the last word on what was heard.
import peggy from 'peggy'

/** Rules whose words come from the policy's lexicon or from lists; src/control/goal/spoken/grammar.ts gives them. */
const given = new Set(['PutVerb', 'TakeVerb', 'FillVerb', 'Noun', 'Number', 'Ordinal', 'Color', 'Word', 'Start'])

/** @returns name of a rule -> its expression; a list is a sequence, a string is words */
export function networkOf(source) {
  const { rules } = peggy.parser.parse(source)
  const network = {}
  for (const { name, expression } of rules) {
    if (given.has(name)) continue
    const converted = convert(expression)
    network[name] = converted ?? { any: [] }
  }
  return network
}

/** null: nothing that can be said. */
function convert(node) {
  switch (node.type) {
    case 'action':
    case 'labeled':
    case 'group':
      return convert(node.expression)
    case 'choice': {
      const alternatives = node.alternatives.map(convert).filter((each) => each !== null)
      return alternatives.length === 0 ? null : { any: alternatives }
    }
    case 'sequence': {
      const parts = node.elements.map(convert)
      return parts.includes(null) ? null : parts.filter((part) => !(Array.isArray(part) && part.length === 0))
    }
    case 'optional':
    case 'zero_or_more':
    case 'one_or_more': {
      const inner = convert(node.expression)
      const kind = { optional: 'maybe', zero_or_more: 'many', one_or_more: 'some' }[node.type]
      return inner === null ? (node.type === 'one_or_more' ? null : []) : { [kind]: inner }
    }
    case 'literal':
      return node.value.includes('->') ? null : node.value.trim() === '' ? [] : node.value.trim()
    case 'rule_ref':
      return { rule: node.name }
    case 'simple_and':
    case 'simple_not':
    case 'semantic_and':
    case 'semantic_not':
      return []
    default:
      throw new Error(`goal.peggy has ${node.type} outside the rules that are given from elsewhere`)
  }
}

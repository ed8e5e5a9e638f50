// Functions of a TypeScript or JavaScript file with their lengths, from the compiler's syntax tree.

import ts from 'typescript'

const suite = /^(describe|test|it|propertyTest|beforeEach|beforeAll|afterEach|afterAll)\b/
const testCase = /^(test|it|propertyTest)\b/

/** What calls `callback`, as text ("describe.skipIf(...)"), when it is an argument. */
function callerOf(callback) {
  const call = callback.parent
  return call !== undefined && ts.isCallExpression(call) && call.arguments.includes(callback)
    ? call.expression.getText()
    : ''
}

const isSuiteCallback = (node) =>
  (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && suite.test(callerOf(node))

function nameOf(node) {
  if (testCase.test(callerOf(node))) return `test ${node.parent.arguments[0]?.getText() ?? ''}`
  if (node.name !== undefined) return node.name.getText()
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const { parent } = node
  const isNamed =
    ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)
  return isNamed && parent.initializer === node ? parent.name.getText() : undefined
}

/**
 * Named functions, methods, functions that are assigned to a name, and test cases, as {name, line, lines}. A list of
 * tests (`describe`) is no function: neither it nor the tests in it count for the function around them.
 */
export function tsFunctions(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1
  const linesOf = (node) => lineOf(node.end) - lineOf(node.getStart()) + 1
  const found = []
  /** Adds functions below `node`; returns the lines of suite callbacks there. */
  const visit = (node) => {
    let inSuites = 0
    ts.forEachChild(node, (child) => {
      inSuites += visit(child)
    })
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      const name = nameOf(node)
      if (name !== undefined) found.push({ name, line: lineOf(node.getStart()), lines: linesOf(node) - inSuites })
      if (isSuiteCallback(node)) return linesOf(node)
    }
    return inSuites
  }
  visit(source)
  return found
}

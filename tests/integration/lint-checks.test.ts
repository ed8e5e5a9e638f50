// The checks of `make lint` that are the project's own: rooms and lengths.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { cppFunctions } from '../../scripts/checks/cpp-functions.mjs'
import { exceptionsOf, lengthProblems } from '../../scripts/checks/lengths.mjs'
import { includeProblems, layerProblems, roomOf } from '../../scripts/checks/rooms.mjs'
import { tsFunctions } from '../../scripts/checks/ts-functions.mjs'

const folder = mkdtempSync(join(tmpdir(), 'checks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const room = (name: string, imports: string[] = [], libraries: string[] = []) => ({
  folder: name,
  imports,
  libraries,
  uses: [],
})

describe('rooms', () => {
  const core = room('native/core', ['native/include'], ['immintrin.h'])
  const list = [room('native/addon', ['native/core'], ['napi.h']), core, room('native/include')]

  test('a room may import only rooms below it', () => {
    expect(layerProblems(list)).toEqual([])
    expect(layerProblems([room('a'), room('b', ['a'])])).toEqual([expect.stringContaining('b may not import a')])
    expect(layerProblems([room('a', ['a'])])).toHaveLength(1)
    expect(layerProblems([room('a', ['misspelt'])])).toHaveLength(1)
  })

  test('a file belongs to the innermost room', () => {
    const nested = [room('packages/realsense'), room('packages/realsense/native')]
    expect(roomOf('packages/realsense/native/session.cpp', nested)).toBe(nested[1])
    expect(roomOf('packages/other/a.cpp', nested)).toBeUndefined()
  })

  test('only a room that names a library includes its header', () => {
    const napi = '#include <array>\n#include <napi.h>\n'
    expect(includeProblems('native/addon/x.cpp', napi, list)).toEqual([])
    expect(includeProblems('native/core/x.cpp', napi, list)).toEqual([expect.stringContaining('<napi.h>')])
    expect(includeProblems('native/core/x.cpp', '#include <sys/socket.h>\n', list)).toHaveLength(1)
  })

  test('an include of a room that is not named, or that is not found, is a problem', () => {
    const header = '#include "cliport/frame.hpp"\n'
    expect(includeProblems('native/core/x.cpp', header, list)).toEqual([])
    expect(includeProblems('native/addon/x.cpp', header, list)).toEqual([expect.stringContaining('native/include')])
    expect(includeProblems('native/core/x.cpp', '#include "nowhere.hpp"\n', list)).toHaveLength(1)
  })
})

describe('lengths of C++ functions', () => {
  const named = (text: string) =>
    cppFunctions(text).map(({ name, lines }: { name: string; lines: number }) => [name, lines])

  test('functions, methods, constructors and test cases count from signature to closing brace', () => {
    const text = [
      'namespace a {',
      'struct B final : C {',
      '  B(int x) noexcept',
      '      : x_{x}, y_(1) {',
      '    if (x) { y_ = 2; }',
      '  }',
      '  int get() const { return x_; }',
      '  int x_{0}, y_ = f({1, 2});',
      '};',
      'template <class T>',
      'auto twice(T t = {}) -> std::vector<T> {',
      '  return {t, t};',
      '}',
      'const auto kSquare = [](int x) {',
      '  return x * x;',
      '};',
      'TEST(Arm, Moves) {',
      '}',
      '}  // namespace a',
    ].join('\n')
    expect(named(text)).toEqual([
      ['B', 4],
      ['get', 1],
      ['twice', 4],
      ['function', 3],
      ['TEST', 2],
    ])
  })

  test('braces in comments, literals and macros do not count', () => {
    const text = [
      '#define OPEN(x) \\',
      '  { x',
      'void f() {  // {',
      '  const char* a = "}{\\"}"; char b = \'{\'; int n = 1\'000;',
      '  const char* c = R"x(} )" {)x"; /* { */',
      '}',
    ].join('\n')
    expect(named(text)).toEqual([['f', 4]])
  })

  test.each(['void f() {', 'void f() { } }'])('braces that do not balance are an error: %s', (text) => {
    expect(() => cppFunctions(text)).toThrow('do not balance')
  })
})

describe('lengths of TypeScript functions', () => {
  const named = (text: string) =>
    tsFunctions('a.ts', text).map(({ name, lines }: { name: string; lines: number }) => [name, lines])

  test('a function counts with the callbacks in it, a named one inside too', () => {
    const text = 'function a() {\n  b(() => {\n  })\n  const c = () => {\n  }\n}\nclass D {\n  e() {}\n}\n'
    expect(named(text)).toEqual([
      ['c', 2],
      ['a', 6],
      ['e', 1],
    ])
  })

  test('a list of tests is no function; each test is one', () => {
    const text = "function suite() {\n  describe('x', () => {\n    test('y', () => {\n    })\n  })\n}\n"
    expect(named(text)).toEqual([
      ["test 'y'", 2],
      ['suite', 2],
    ])
  })
})

describe('what is too long', () => {
  const measured = [
    { path: 'a.ts', kind: 'file', lines: 401 },
    { path: 'a.ts: f', kind: 'function', line: 3, lines: 81 },
    { path: 'b.ts', kind: 'file', lines: 400 },
    { path: 'b.ts: g', kind: 'function', line: 3, lines: 80 },
  ]

  test('is a problem without a reason', () => {
    expect(lengthProblems(measured, new Map())).toEqual([
      expect.stringContaining('a.ts: 401 lines'),
      expect.stringContaining('a.ts: f (line 3): 81 lines'),
    ])
  })

  test('is allowed with a reason, and a reason for what is not too long is a problem', () => {
    const page = '| `a.ts` | one table |\n| `a.ts: f` | |\n| `b.ts` | it was long |\n'
    expect(lengthProblems(measured, exceptionsOf(page))).toEqual([
      expect.stringContaining('a.ts: f'),
      expect.stringContaining('b.ts is not too long'),
    ])
  })
})

describe('Python structure', () => {
  const structure = (files: Record<string, string>) => {
    const home = join(folder, 'pack')
    rmSync(home, { recursive: true, force: true })
    mkdirSync(home)
    const paths = Object.entries(files).map(([name, text]) => {
      const path = join(home, name)
      writeFileSync(path, text)
      return path
    })
    const script = new URL('../../scripts/checks/python_structure.py', import.meta.url).pathname
    return JSON.parse(execFileSync('python3', [script, ...paths], { encoding: 'utf8' }))
  }

  test('a cycle of imports is found, also through a function and through `from . import`', () => {
    const files = { '__init__.py': '', 'a.py': 'from . import b', 'b.py': 'from .c import x', 'd.py': 'import os' }
    expect(structure({ ...files, 'c.py': 'x = 1' }).cycles).toEqual([])
    const { cycles } = structure({ ...files, 'c.py': 'def x():\n    import pack.a\n' })
    expect(cycles).toEqual([['pack.a', 'pack.b', 'pack.c']])
  })

  test('every def is measured', () => {
    const { functions } = structure({ 'a.py': 'class A:\n    def f(self):\n        pass\n\nasync def g(): pass\n' })
    expect(functions.map(({ name, lines }: { name: string; lines: number }) => [name, lines])).toEqual([
      ['g', 1],
      ['f', 2],
    ])
  })
})

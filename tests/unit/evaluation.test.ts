// How evaluations judge: what a proposal aims at, what a step came to, why an episode failed, what is asked for.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Proposal, Vec3 } from '../../src/control/types.js'
import { askForAbsent } from '../../src/evaluation/absent-questions.js'
import { exchange } from '../../src/evaluation/exchanged-questions.js'
import { aimOf, causeOf, findingOf } from '../../src/evaluation/judge.js'
import { paraphrased } from '../../src/evaluation/paraphrases.js'
import { distanceFromMiddle, shows } from '../../src/evaluation/real-judge.js'
import { parseStepBudget, stepsOf } from '../../src/evaluation/step-budget.js'
import { projectPath } from '../../src/native/paths.js'
import type { TrueObject, TruePlace, Truth } from '../../src/sim/index.js'
import { random } from '../../src/sim/random.js'

const degrees = Math.PI / 180

function thing(label: number, kind: string, color: string, p_base_m: Vec3, over: Partial<TrueObject> = {}): TrueObject {
  return { label, kind, color, sizeM: [0.04, 0.04, 0.04], p_base_m, yawRad: 0, ...over }
}

const block = thing(1, 'block', 'red', [0.4, -0.2, 0.02])
const other = thing(2, 'block', 'blue', [0.6, -0.2, 0.02])
const bowl = thing(3, 'bowl', 'green', [0.5, 0.2, 0])

function placeAt(target: TrueObject, over: Partial<TruePlace> = {}): TruePlace {
  return { object: 1, target: target.label, p_base_m: target.p_base_m, yawRad: 0, symmetryRad: 0, ...over }
}

function truth(over: Partial<Truth> = {}): Truth {
  return {
    goal: 'put the red blocks in a green bowl',
    score: 0,
    achieved: false,
    remaining: true,
    objects: [block, other, bowl],
    names: { block: ['block'], bowl: ['bowl'] },
    named: { picks: [1], places: [3], spots_base_m: [] },
    colored: { pick: ['block'], place: ['bowl'] },
    primitive: 'pick_place',
    validPicks: [1],
    validPlaces: [placeAt(bowl)],
    rotations: false,
    toleranceM: 0.05,
    timeS: 0,
    ...over,
  }
}

function aims(pick: Vec3, place: Vec3, yawRad = 0): Pick<Proposal, 'pick' | 'place'> {
  const pose = { pixel: [0, 0], probability: 1 } as const
  return { pick: { ...pose, p_base_m: pick, yawRad: 0 }, place: { ...pose, p_base_m: place, yawRad } }
}

describe('what a proposal aims at', () => {
  test('the right block to the right bowl is right, as far as the object comes from its place', () => {
    const aim = aimOf(aims([0.41, -0.2, 0.04], [0.54, 0.2, 0]), 1, truth())
    expect(aim).toMatchObject({ object: block, pickRight: true, placeRight: true })
    expect(aim.errorM).toBeCloseTo(0.03) // picked 1 cm off its middle, placed 4 cm off the bowl's
  })

  test('another block is the wrong pick, another spot the wrong place', () => {
    expect(aimOf(aims([0.6, -0.2, 0.04], [0.5, 0.2, 0]), 2, truth())).toMatchObject({
      pickRight: false,
      placeRight: true,
    })
    expect(aimOf(aims([0.4, -0.2, 0.04], [0.5, 0.1, 0]), 1, truth())).toMatchObject({
      pickRight: true,
      placeRight: false,
    })
    expect(aimOf(aims([0.5, 0, 0], [0.5, 0.2, 0]), 0, truth())).toMatchObject({ object: null, pickRight: false })
  })

  test('where yaw matters, 14 degrees off are right and 16 are not, and a quarter turn of a square is none', () => {
    const turned = truth({
      rotations: true,
      toleranceM: 0.01,
      validPlaces: [placeAt(bowl, { symmetryRad: Math.PI / 2 })],
    })
    const right = (deg: number) => aimOf(aims([0.4, -0.2, 0.04], [0.5, 0.2, 0], deg * degrees), 1, turned).placeRight
    expect([14, 16, 90, 104, 106, -76].map(right)).toEqual([true, false, true, true, false, true])
  })

  test('a turn moves what was picked off its middle', () => {
    const turned = truth({ rotations: true, toleranceM: 0.01, validPlaces: [placeAt(bowl, { yawRad: Math.PI / 2 })] })
    // Picked 2 cm beyond the middle along x: after a quarter turn the middle lies 2 cm before the place along y.
    const aim = aimOf(aims([0.42, -0.2, 0.04], [0.5, 0.22, 0], Math.PI / 2), 1, turned)
    expect(aim.errorM).toBeCloseTo(0)
    expect(aim.placeRight).toBe(true)
  })

  test('into a box anywhere inside is right, and outside it is as wrong as it is far', () => {
    const box = thing(4, 'box', 'brown', [0.5, 0.2, 0], { sizeM: [0.2, 0.1, 0.05], yawRad: Math.PI / 2 })
    const boxed = truth({
      objects: [block, box],
      toleranceM: null,
      validPlaces: [placeAt(box, { p_base_m: [0.52, 0.25, 0] })],
    })
    const errorM = (place: Vec3) => aimOf(aims([0.4, -0.2, 0.04], place), 1, boxed).errorM
    expect(errorM([0.46, 0.29, 0])).toBe(0)
    expect(errorM([0.5, 0.33, 0])).toBeCloseTo(0.03)
    expect(errorM([0.57, 0.2, 0])).toBeCloseTo(0.02)
  })
})

describe('what a step came to', () => {
  const moved = (label: number, to: Vec3, over: Partial<Truth> = {}) =>
    truth({ objects: [block, other, bowl].map((o) => (o.label === label ? { ...o, p_base_m: to } : o)), ...over })
  const right = aimOf(aims([0.4, -0.2, 0.04], [0.5, 0.2, 0]), 1, truth())
  const beside = aimOf(aims([0.4, -0.2, 0.04], [0.5, 0.13, 0]), 1, truth())
  const elsewhere = aimOf(aims([0.4, -0.2, 0.04], [0.5, -0.3, 0]), 1, truth())
  const atOther = aimOf(aims([0.6, -0.2, 0.04], [0.5, 0.2, 0]), 2, truth())
  const done = { validPicks: [], validPlaces: [], score: 1, achieved: true, remaining: false }

  test('is told by what moved and what is left to be moved', () => {
    expect(findingOf(right, true, truth(), moved(1, [0.5, 0.2, 0.03], done))).toBe('right')
    expect(findingOf(right, false, truth(), truth())).toBe('missed_grasp')
    expect(findingOf(right, true, truth(), moved(1, [0.45, 0.1, 0.02]))).toBe('dropped')
    expect(findingOf(beside, true, truth(), moved(1, [0.5, 0.13, 0.02]))).toBe('imprecise')
    expect(findingOf(elsewhere, true, truth(), moved(1, [0.5, -0.3, 0.02]))).toBe('wrong_place')
    expect(findingOf(atOther, true, truth(), moved(2, [0.5, 0.2, 0.03]))).toBe('wrong_object')
    expect(findingOf(atOther, false, truth(), truth())).toBe('wrong_object')
  })

  test('a block that was nudged under the cup, so that its neighbour was taken, is the wrong object', () => {
    expect(findingOf(right, true, truth(), moved(2, [0.5, 0.2, 0.03]))).toBe('wrong_object')
  })
})

describe('why an episode failed', () => {
  const step = (finding: Parameters<typeof causeOf>[3][0]['finding'], object = 1) => ({ finding, object })

  test('is the last step that was not mended', () => {
    expect(causeOf('failed', false, false, [step('wrong_place'), step('missed_grasp', 2)])).toBe('missed_grasp')
    expect(causeOf('achieved', false, false, [step('dropped'), step('right', 2)])).toBe('dropped')
    expect(causeOf('unsure', false, false, [step('missed_grasp'), step('right')])).toBe('unsure')
  })

  test('is how the runtime ended it where every step was right', () => {
    expect(causeOf('achieved', false, false, [step('right')])).toBe('gave_up_early')
    expect(causeOf('failed', false, false, [step('right')])).toBe('step_limit')
    expect(causeOf('not_found', false, false, [])).toBe('not_found')
    expect(causeOf('refused', false, false, [])).toBe('refused')
    expect(causeOf('error', false, false, [step('missed_grasp')])).toBe('error')
  })

  test('is nothing when it did not, even when a step had to be repeated; to go on after the end is a flaw', () => {
    expect(causeOf('achieved', true, false, [step('missed_grasp'), step('right')])).toBeNull()
    expect(causeOf('failed', true, true, [step('right'), step('right')])).toBe('continued_after_done')
  })
})

describe('paraphrases', () => {
  const forms = ['put the <pick> in a <place>', 'put the <pick> on the <place>', 'pack all the <pick> into the <place>']
  const sentences = [
    'put the red blocks in a green bowl',
    'put the yellow block on the lightest brown block',
    'put the cyan block on the gray and blue blocks',
    'pack all the brown and white blocks into the brown box',
  ]
  const tokenizer = JSON.parse(readFileSync(projectPath('models/edge/tokenizer.json'), 'utf8')) as { words: string[] }
  /** One verb first, then what to pick, then where to, as in the benchmark's templates. */
  const plain =
    /^(please )?(put|place|move|drop|set|bring|lay|carry|transfer|pack|stack) [\w ]+ (in|into|inside|to|on|onto) [\w ]+$/

  test.each(sentences)('of "%s" have another form, and colours and nouns that the policy knows', (sentence) => {
    const grammar = new Set('i like should go over them where be'.split(' '))
    const seen = new Set<string>()
    for (let seed = 0; seed < 100; seed++) {
      const other = paraphrased(sentence, forms, random(seed, 'paraphrase'))
      expect(other).not.toBeNull()
      expect(other).not.toMatch(plain)
      for (const word of other!.split(' ')) expect(grammar.has(word) || tokenizer.words.includes(word), word).toBe(true)
      seen.add(other!)
    }
    expect(seen.size).toBeGreaterThan(20)
    expect(sentence).toMatch(plain)
  })

  test('keep the order of several colours, and what is a step of the stand', () => {
    for (let seed = 0; seed < 50; seed++) {
      expect(paraphrased(sentences[1]!, forms, random(seed, 'p'))).toMatch(
        /lightest (brown|mocha|taupe|coffee) (block|cube|brick)/,
      )
    }
  })

  test('are not made of a sentence of another kind', () => {
    expect(paraphrased('pour me a coffee', forms, random(1, 'p'))).toBeNull()
  })
})

describe('questions about what is not there', () => {
  const bowls = { colored: { pick: ['block'], place: ['bowl'] } }
  const others = { colored: { pick: ['block'], place: [] } }
  const objects = [
    block,
    other,
    bowl,
    thing(4, 'bowl', 'red', [0.3, 0.1, 0]),
    thing(5, 'block', 'gray', [0.3, 0.3, 0.02]),
  ]
  const palette = ['red', 'blue', 'green', 'yellow'] as const

  test('name no block, or no bowl, that is on the table, and stay the same sentence otherwise', () => {
    for (let seed = 0; seed < 40; seed++) {
      const ask = (missing: 'pick' | 'place') =>
        askForAbsent('put the red blocks in a green bowl', missing, bowls, objects, palette, random(seed, 'absent'))
      expect(ask('pick')?.sentence).toMatch(/^put the (green|yellow) blocks in a green bowl$/)
      expect(ask('place')?.sentence).toMatch(/^put the red blocks in a (blue|yellow) bowl$/)
    }
  })

  test('of a pair of colours name two that are not there, or one where there is only one', () => {
    const ask = (colors: readonly ('red' | 'blue' | 'green' | 'yellow' | 'pink')[]) =>
      askForAbsent(
        'pack all the red and blue blocks into the brown box',
        'pick',
        others,
        objects,
        colors,
        random(1, 'absent'),
      )
    expect(ask(['red', 'green', 'yellow'])?.sentence).toMatch(
      /^pack all the (green and yellow|yellow and green) blocks into/,
    )
    expect(ask(['red', 'pink'])?.sentence).toBe('pack all the pink blocks into the brown box')
  })

  test('take a colour from beyond the scene when all of its own are there', () => {
    const asked = askForAbsent(
      'put the red block on the lightest brown block',
      'pick',
      others,
      objects,
      ['red', 'blue'],
      random(1, 'a'),
    )
    expect(asked?.sentence).toMatch(/^put the (?!red|blue|gray)\w+ block on the lightest brown block$/)
  })

  test('are not made where the sentence names no such thing', () => {
    expect(askForAbsent('pour me a coffee', 'pick', bowls, objects, palette, random(1, 'a'))).toBeNull()
    expect(
      askForAbsent('put the red block on the lightest brown block', 'place', others, objects, palette, random(1, 'a')),
    ).toBeNull()
  })
})

describe('the same scene asked for another of its things', () => {
  test('names another block, whose move is then the right one', () => {
    const asked = exchange('pick', truth(), random(1, 'x'))!
    expect(asked.sentence).toBe('put the blue blocks in a green bowl')
    const toBowl = (label: number) => aimOf(aims([0.6, -0.2, 0.04], [0.5, 0.2, 0]), label, asked.truth)
    expect(toBowl(other.label)).toMatchObject({ pickRight: true, placeRight: true })
    expect(toBowl(block.label).pickRight).toBe(false)
  })

  test('names another bowl, and the first is then the wrong place', () => {
    const red = thing(4, 'bowl', 'red', [0.3, 0.1, 0])
    const asked = exchange('place', truth({ objects: [block, other, bowl, red] }), random(1, 'x'))!
    expect(asked.sentence).toBe('put the red blocks in a red bowl')
    const placedAt = (at: Vec3) => aimOf(aims([0.4, -0.2, 0.04], at), block.label, asked.truth)
    expect(placedAt([0.3, 0.1, 0])).toMatchObject({ pickRight: true, placeRight: true })
    expect(placedAt([0.5, 0.2, 0]).placeRight).toBe(false)
  })

  test('names another noun where things have their own colours', () => {
    const [hammer, lamp, box] = [
      thing(1, 'hammer', 'own', [0.4, 0, 0]),
      thing(2, 'lamp', 'own', [0.5, 0, 0]),
      thing(3, 'container', 'brown', [0.6, 0, 0]),
    ]
    const asked = exchange(
      'pick',
      truth({
        goal: 'pack the hammer in the brown box',
        objects: [hammer, lamp, box],
        names: { hammer: ['hammer'], lamp: ['desk lamp'], container: ['box'] },
        colored: { pick: [], place: [] },
        validPlaces: [placeAt(box)],
      }),
      random(1, 'x'),
    )
    expect(asked).toMatchObject({ sentence: 'pack the desk lamp in the brown box', truth: { validPicks: [2] } })
  })

  test('is not asked where nothing else could be meant', () => {
    expect(exchange('pick', truth({ objects: [block, bowl] }), random(1, 'x'))).toBeNull()
    expect(exchange('place', truth(), random(1, 'x'))).toBeNull()
    expect(exchange('pick', truth({ named: null }), random(1, 'x'))).toBeNull()
  })
})

describe('on a real frame', () => {
  // A bowl (3) of which the camera sees the rim only, a block (5) at its right.
  const rows = ['.........', '..33333..', '..3...3..', '..3...355', '..33333..', '.........']
  const map = { cols: 9, labels: Uint8Array.from(rows.join(''), (cell) => Number(cell.replace('.', '0'))) }

  test('a place is judged by its distance from the middle of its target, unseen cells included', () => {
    expect(distanceFromMiddle(map, [3], [2, 4])).toBeLessThan(0.3)
    expect(distanceFromMiddle(map, [3], [2, 0])).toBeGreaterThan(1)
    expect(distanceFromMiddle(map, [3], [0, 4])).toBeGreaterThan(1)
    expect(distanceFromMiddle(map, [4, 3], [3, 4])).toBeLessThan(0.3)
    expect(distanceFromMiddle(map, [4], [3, 4])).toBe(Number.POSITIVE_INFINITY)
  })

  test('what shows another thing is no place, however near', () => {
    expect(distanceFromMiddle(map, [3], [3, 7])).toBe(Number.POSITIVE_INFINITY)
    expect(distanceFromMiddle(map, [5], [3, 7])).toBeLessThan(1)
  })

  test('a pick must show its object', () => {
    expect([shows(map, [3], [1, 2]), shows(map, [3], [2, 3]), shows(map, [3], null)]).toEqual([true, false, false])
  })
})

describe('step budgets', () => {
  test.each([
    ['12', 3, 12],
    ['n', 3, 3],
    ['3n', 2, 6],
    ['3n+1', 2, 7],
    ['2n + 3', 1, 5],
  ])('%s for %i objects are %i picks', (text, moves, steps) => {
    expect(stepsOf(parseStepBudget(text), moves)).toBe(steps)
  })

  test.each(['', '0', '3+1', 'n+n', '-2', '1.5', '3m', '999', '99n'])('%j is wrong use', (text) => {
    expect(() => parseStepBudget(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})

import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { duration, runFolderName } from '../../src/runtime/report/format.js'
import { markup } from '../../src/runtime/report/markup.js'
import { type PageData, renderPage } from '../../src/runtime/report/page.js'
import { planProfile } from '../../src/runtime/report/plan-profile.js'
import { sceneMarks } from '../../src/runtime/report/scene-marks.js'
import { stageChart, stepTimeline } from '../../src/runtime/report/timings.js'
import { aDurations, aHeightmap, aProposal, aRunResult, aStep } from '../fixtures/runs.js'

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescaped = (text: string) => text.replace(/&([\w#]+);/g, (_, name) => entities[name]!)

describe('a template', () => {
  propertyTest.prop([fc.string({ unit: 'grapheme' })])(
    'lets no text out of its place, and loses none of it',
    (text) => {
      const { text: html } = markup`${text}`
      expect(html).not.toMatch(/[<>"']/)
      expect(unescaped(html)).toBe(text)
    },
  )

  test('puts in what a template made as it is, lists joined and absent parts left out', () => {
    expect(markup`<ul>${['a', 'b'].map((x) => markup`<li>${x}</li>`)}${null}${false}${undefined}${0}</ul>`.text).toBe(
      '<ul><li>a</li><li>b</li>0</ul>',
    )
  })
})

describe("a run folder's name", () => {
  propertyTest.prop([fc.string({ unit: 'binary' })])('is a plain name whatever the goal is', (goal) => {
    expect(runFolderName(goal, new Date(0))).toMatch(/^19700101T000000Z-[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
  })

  test('reads as the goal and sorts by time', () => {
    const name = runFolderName('Put the red blocks in a green bowl!', new Date('2026-01-31T12:05:01.250Z'))
    expect(name).toBe('20260131T120501Z-put-the-red-blocks-in-a-green-bowl')
  })
})

describe('the marks', () => {
  test('lie on the cells of pick and place', () => {
    const { text } = sceneMarks(aHeightmap(), aProposal(), { pick: true, place: true })
    expect(text).toContain('viewBox="0 0 320 160"')
    expect(text).toContain('class="mark pick" transform="translate(100.5 40.5)"')
    expect(text).toContain('class="mark place" transform="translate(220.5 80.5)"')
  })

  test.each([
    [0, 'M0 7L0 13'],
    [Math.PI / 2, 'M7 0L13 0'],
    [-Math.PI / 2, 'M-7 0L-13 0'],
  ])('turn counter-clockwise as seen from above, x down and y to the right: %d', (yawRad, tick) => {
    const { text } = sceneMarks(aHeightmap(), aProposal({ placeYawRad: yawRad }), { pick: false, place: true })
    expect(text).toContain(`<path d="${tick}"/>`)
  })

  test('are only those that are asked for', () => {
    const { text } = sceneMarks(aHeightmap(), aProposal(), { pick: true, place: false })
    expect(text).not.toMatch(/mark (place|way)/)
  })
})

describe('the plan', () => {
  test('ends a descent where it met something, not where it would have given up', () => {
    const { plans, executions } = aStep()
    const planned = planProfile(plans, [], aHeightmap())!.text
    const executed = planProfile(plans, executions!, aHeightmap())!.text
    expect(planned).toContain('descend to 0.500, -0.180, 0.010 m')
    expect(executed).toContain('descend to 0.500, -0.180, 0.040 m')
    expect(executed).not.toContain('0.010 m')
  })

  test('is left out when there is none', () => {
    expect(planProfile([], [], aHeightmap())).toBeNull()
  })

  const coordinate = fc.oneof(fc.double({ min: -2, max: 2 }), fc.double())
  propertyTest.prop([fc.array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 2, maxLength: 9 })])(
    'never has a coordinate that is no number, also when it was refused for one',
    (points) => {
      const segments = points.map((p_base_m) => ({ kind: 'move' as const, p_base_m, yawRad: 0, speedMps: 1 }))
      const profile = planProfile([{ name: 'pick', segments }], [], aHeightmap())
      expect(profile?.text ?? '').not.toMatch(/NaN|Infinity|undefined/)
      const isOverATable = points.flat().every((value) => Math.abs(value) <= 2)
      if (isOverATable) expect(profile).not.toBeNull()
    },
  )
})

describe('the times', () => {
  test('show every stage with its median, p99 and slowest', () => {
    const { text } = stageChart({
      capture: aDurations(12),
      execute: aDurations(3400),
      'propose.text': aDurations(0.4),
    })!
    for (const shown of ['capture', '12 ms', 'execute', '3.4 s', 'propose.text', '0.40 ms'])
      expect(text).toContain(shown)
  })

  test('of a step add up without counting the parts of a stage twice', () => {
    const { text } = stepTimeline([aStep({ stagesMs: { propose: 40, 'propose.text': 30, execute: 960 } })])!
    expect(text).toContain('1.0 s')
    expect(text).not.toContain('propose.text')
  })

  test('are left out when nothing was measured', () => {
    expect(stageChart({})).toBeNull()
    expect(stepTimeline([])).toBeNull()
  })

  test.each([
    [0.123, '0.12 ms'],
    [3.21, '3.2 ms'],
    [45.6, '46 ms'],
    [1234, '1.2 s'],
    [75_000, '1 min 15 s'],
  ])('%d ms reads %s', (ms, text) => expect(duration(ms)).toBe(text))
})

describe('the page', () => {
  test('puts the truth beside the outcome, and says so when they disagree', () => {
    const agreeing = renderPage(aPage({ outcome: 'achieved', truth: { score: 1, achieved: true } }))
    expect(agreeing).toContain('score 1.00')
    expect(agreeing).not.toContain('disagree</em>')
    const lying = renderPage(aPage({ outcome: 'achieved', truth: { score: 0.5, achieved: false } }))
    expect(lying).toContain('runtime and cell disagree')
  })

  test('has no truth to tell on a real arm', () => {
    const { truth: _, ...result } = aRunResult()
    expect(renderPage(aPage(result, true))).not.toContain('<b>Truth</b>')
  })

  propertyTest.prop([fc.string({ unit: 'grapheme' })])('runs nothing that a goal or a message brings along', (text) => {
    const hostile = `</title></style><script>${text}</script><img src=x onerror=alert(1)>`
    const error = { code: hostile, message: hostile, hint: hostile }
    const page = renderPage({
      ...aPage({ goal: hostile, error }),
      head: { goal: hostile, policy: hostile, backend: hostile, command: hostile, startedAt: new Date(0) },
      problems: [hostile],
    })
    expect(page).not.toMatch(/<script|<img src=x/)
    expect(page.match(/<\/style>/g)).toHaveLength(1)
  })

  test('names nothing outside its folder', () => {
    const page = renderPage(aPage({}))
    expect(page).not.toMatch(/(href|src|srcset)="(https?:|\/|file:)/)
    expect(page).not.toMatch(/url\(|@import/)
  })

  test.each(['achieved', 'failed', 'not_found', 'unsure', 'refused', 'stopped', 'error'] as const)(
    'has words for %s',
    (outcome) => {
      expect(renderPage(aPage({ outcome }))).not.toMatch(/undefined|NaN|\[object/)
    },
  )
})

function aPage(over: Partial<PageData['result']>, whole = false): PageData {
  return {
    head: { goal: 'put the red blocks in a green bowl', policy: 'edge', backend: 'cell', startedAt: new Date(0) },
    result: whole ? (over as PageData['result']) : { ...aRunResult(), ...over },
    steps: [{ ...aStep(), topM: 0.06, pictures: { view: 'step-1-view.png', height: 'step-1-height.png' } }],
    cameras: { before: [], after: [] },
    film: null,
    problems: [],
  }
}

// The three-dimensional view; its library is fetched after everything else.

import { effect, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { dryRun } from '../draft.js'
import { proposed, subject } from '../map-view.js'
import type { CellScene, MarksOf, Viewpoint } from '../scene/scene.js'
import { facts, pictures, robot, runningGoal, turn } from '../store.js'
import { metresOf, takeover } from '../takeover.js'
import { theme } from '../theme.js'

const scene = signal<CellScene | null>(null)
const problem = signal<string | null>(null)

const views: readonly (readonly [Viewpoint, string])[] = [
  ['front', 'Front'],
  ['left', 'Side'],
  ['top', 'Top'],
]

export function SceneView() {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => show(canvas.current!), [])
  return (
    <section class="scene" aria-label="The cell in three dimensions">
      <div class="bar">
        <h2>In space</h2>
        <span class="acts push">
          {views.map(([view, label]) => (
            <button type="button" class="quiet small" key={view} onClick={() => scene.value?.look(view)}>
              {label}
            </button>
          ))}
        </span>
      </div>
      <div class="scene-frame">
        <canvas
          ref={canvas}
          role="img"
          aria-label="Arm, table, pick and place in three dimensions"
          data-ready={scene.value !== null}
        />
        {problem.value !== null && <p class="veil">{problem.value}</p>}
      </div>
    </section>
  )
}

/** @returns a function that ends it */
function show(canvas: HTMLCanvasElement): () => void {
  let isGone = false
  const ends: (() => void)[] = []
  import('../scene/scene.js').then(
    ({ CellScene }) => {
      if (isGone) return
      try {
        const made = new CellScene(canvas)
        scene.value = made
        ends.push(...follow(made), () => made.dispose())
      } catch {
        problem.value = 'This browser shows nothing in three dimensions (WebGL is missing or off)'
      }
    },
    () => {
      problem.value = 'The three-dimensional view could not be loaded'
    },
  )
  return () => {
    isGone = true
    scene.value = null
    for (const end of ends) end()
  }
}

function follow(made: CellScene): (() => void)[] {
  return [
    effect(() => {
      if (robot.value !== null) made.setJoints(robot.value.q_rad)
    }),
    effect(() => {
      void theme.value
      made.setColors(cssColor('--line'))
    }),
    effect(() => {
      const color = pictures.value.get('color/color')
      const elevation = pictures.value.get('elevation/elevation')
      const spec = facts.value?.workspace
      // Both of the same look: a block without its colour looks like a ghost.
      if (spec === undefined || color === undefined || color.header.clock_ms !== elevation?.header.clock_ms) return
      made.setTable(spec, color.image, elevation.image)
    }),
    effect(() => made.setMarks(marks())),
    effect(() => {
      const dry = dryRun.value?.plan
      const running = subject.value === 'run' && turn.value?.goal_id === runningGoal.value?.id ? turn.value?.plan : null
      const plan = dry ?? running ?? null
      made.setPlan(plan === null ? [] : [...plan.pick, ...plan.place], dry !== undefined)
    }),
  ]
}

function marks(): MarksOf | null {
  void theme.value // its colours are the style's
  const colors = { pick: cssColor('--pick'), place: cssColor('--place'), way: cssColor('--soft') }
  const hand = takeover.value
  if (hand !== null) {
    const point = (pixel: typeof hand.pick) => {
      const at = pixel === null ? null : metresOf(pixel)
      return at === null ? null : ([at[0], at[1], 0.02] as const)
    }
    return { pick: point(hand.pick), place: point(hand.place), colors }
  }
  if (proposed.value === null) return null
  const { pick, place } = proposed.value
  return { pick: pick.p_base_m, place: place?.p_base_m ?? null, colors }
}

/** A colour of the style as it is now, light or dark: a property alone would name both. */
function cssColor(name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

// The workspace from above, as the heightmap has it: y to the right, x down, the arm at the top. Affordances lie over it; on
// it a person chooses, picks and places.

import { computed } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { answer, isUnderWay, understood } from '../draft.js'
import { metres } from '../format.js'
import { base, layersShown, proposed, size, subject } from '../map-view.js'
import { pictures, question, runningGoal } from '../store.js'
import { isChoosing, takeover } from '../takeover.js'
import { MapControls } from './map-controls.js'
import { MapMarks } from './map-marks.js'
import { Candidates, PointerSurface } from './map-surface.js'

type Drawable = ImageBitmap | HTMLImageElement
const layers = computed<Partial<Record<'pick' | 'place', Drawable>>>(() => {
  if (subject.value === 'draft') return answer.value?.heat ?? {}
  if (subject.value !== 'run') return {}
  const of = (kind: 'pick' | 'place') => {
    const picture = pictures.value.get(`${kind}/${kind}`)
    return picture?.header.goal_id === runningGoal.value?.id ? picture?.image : undefined
  }
  const [pick, place] = [of('pick'), of('place')]
  return { ...(pick && { pick }), ...(place && { place }) }
})

/** Whether the layers belong to an earlier form of the sentence. */
const isStale = computed(() => subject.value === 'draft' && understood.value === null && !isUnderWay.value)

function draw(canvas: HTMLCanvasElement): void {
  const { width, height } = size.value
  // Twice the cells: the layers' edges stay smooth when the page enlarges them.
  const scale = 2
  if (canvas.width !== width * scale) Object.assign(canvas, { width: width * scale, height: height * scale })
  const context = canvas.getContext('2d')!
  const whole = [0, 0, canvas.width, canvas.height] as const
  context.globalAlpha = 1
  context.clearRect(...whole)
  const ground = pictures.value.get(`${base.value}/${base.value}`)
  if (ground !== undefined) context.drawImage(ground.image, ...whole)
  const { pick, place } = layers.value
  if (pick === undefined && place === undefined) return
  context.fillStyle = 'rgb(8 10 14 / .45)'
  context.fillRect(...whole)
  context.globalAlpha = isStale.value ? 0.4 : 1
  if (pick !== undefined && layersShown.value.pick) context.drawImage(pick, ...whole)
  if (place !== undefined && layersShown.value.place) context.drawImage(place, ...whole)
}

export function TableMap() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { width, height } = size.value
  const has = pictures.value.has(`${base.value}/${base.value}`)
  useLayoutEffect(() => draw(canvas.current!))
  return (
    <section class="map" aria-label="Table from above">
      <MapControls />
      <div class={`map-frame ${isChoosing.value ? 'choosing' : ''}`} style={{ aspectRatio: `${width} / ${height}` }}>
        <canvas
          ref={canvas}
          class="picture"
          role="img"
          aria-label={describe()}
          data-layers={Object.keys(layers.value).join(' ')}
          data-subject={subject.value}
        />
        {!has && <p class="veil">No look at the table yet</p>}
        <MapMarks />
        {takeover.value !== null ? <PointerSurface /> : <Candidates list={candidatesNow()} />}
        <span class="compass" aria-hidden="true">
          arm
        </span>
      </div>
    </section>
  )
}

/** Of the question of the run, else of what is typed. */
function candidatesNow() {
  if (question.value !== null) return question.value.candidates
  return understood.value?.kind === 'ambiguous' ? understood.value.candidates : []
}

function describe(): string {
  const shown = base.value === 'color' ? 'Colours' : 'Heights'
  const { pick = null, place = null } = proposed.value ?? {}
  const at = (word: string, spot: typeof pick) =>
    spot === null ? '' : `; ${word} at x ${metres(spot.p_base_m[0])} m, y ${metres(spot.p_base_m[1])} m`
  return `${shown} of the table from above${at('pick', pick)}${at('place', place)}`
}

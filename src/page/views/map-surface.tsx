// Where a person points at: candidates of a question as buttons, or any cell of the map by pointer or arrow keys.

import { signal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { Question } from '../../service/api.js'
import { choose } from '../choose.js'
import { size } from '../map-view.js'
import { click, type Pixel, takeover } from '../takeover.js'

type Candidate = Question['candidates'][number]

/** A button on every thing that a candidate names; the same number stands before its name beside the map. */
export function Candidates({ list }: { readonly list: readonly Candidate[] }) {
  const { width, height } = size.value
  return (
    <>
      {list.flatMap((candidate, index) =>
        candidate.pixels.map(([u, v], i) => (
          <button
            type="button"
            class="candidate"
            key={`${index}-${i}`}
            style={{ left: `${((u! + 0.5) / width) * 100}%`, top: `${((v! + 0.5) / height) * 100}%` }}
            aria-label={`Choose ${candidate.name}`}
            title={candidate.name}
            onClick={() => choose(index)}
          >
            {index + 1}
          </button>
        )),
      )}
    </>
  )
}

/** Where the arrow keys have led to. */
const cursor = signal<Pixel | null>(null)
const steps: Readonly<Record<string, Pixel>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

export function PointerSurface() {
  const surface = useRef<HTMLButtonElement>(null)
  const { width, height } = size.value
  const inside = (u: number, v: number): Pixel => [
    Math.max(0, Math.min(width - 1, Math.floor(u))),
    Math.max(0, Math.min(height - 1, Math.floor(v))),
  ]
  const onClick = (event: MouseEvent) => {
    const box = surface.current!.getBoundingClientRect()
    click(inside(((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key]
    const [u, v] = cursor.peek() ?? [width / 2, height / 2]
    const cells = event.shiftKey ? 10 : 2
    if (step !== undefined) cursor.value = inside(u + step[0] * cells, v + step[1] * cells)
    else if (event.key === 'Enter' || event.key === ' ') click(inside(u, v))
    else return
    event.preventDefault()
  }
  const next = takeover.value?.pick === null ? 'pick' : 'place'
  return (
    <button
      type="button"
      ref={surface}
      class={`surface ${next}`}
      aria-label={`Click where to ${next}, or move the cross with the arrow keys and press Enter`}
      onClick={onClick}
      onKeyDown={onKeyDown}
      onBlur={() => {
        cursor.value = null
      }}
    >
      {cursor.value !== null && (
        <i
          class="cursor"
          style={{ left: `${(cursor.value[0] / width) * 100}%`, top: `${(cursor.value[1] / height) * 100}%` }}
        />
      )}
    </button>
  )
}

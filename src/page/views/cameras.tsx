// Live cameras, each with the age of its newest picture; one that has stopped says so, and stops no other.

import { computed } from '@preact/signals'
import { now, serviceClockMs } from '../clock.js'
import { cameras, facts, pictures } from '../store.js'
import { LivePicture } from './live-picture.js'

/** Older than this, a picture is not live any more. */
const stoppedAfterMs = 1700

interface CameraNow {
  readonly name: string
  /** null: no picture yet */
  readonly ageMs: number | null
  readonly problem: string | null
}

const list = computed((): readonly CameraNow[] => {
  const { list: told, atMs } = cameras.value
  return told.map(({ name, age_ms, ok, problem }) => {
    const taken = pictures.value.get(`camera/${name}`)?.header.clock_ms
    // The picture on the screen may be older than the newest frame: what is said is about what is seen.
    const shownMs = taken === undefined ? null : serviceClockMs(now.value) - taken
    const toldMs = age_ms === null ? null : age_ms + now.value - atMs
    return { name, ageMs: shownMs ?? toldMs, problem: ok ? null : problem }
  })
})

export function Cameras() {
  return (
    <section class="cameras" aria-label="Cameras">
      <div class="bar">
        <h2>Cameras</h2>
      </div>
      <div class="tiles">
        {list.value.map((camera) => (
          <Tile key={camera.name} of={`camera/${camera.name}`} {...camera} />
        ))}
        {facts.value?.simulated && <CellTile />}
      </div>
    </section>
  )
}

function CellTile() {
  const taken = pictures.value.get('cell/cell')?.header.clock_ms
  const ageMs = taken === undefined ? null : serviceClockMs(now.value) - taken
  return <Tile of="cell/cell" name="whole cell" ageMs={ageMs} problem={null} />
}

function Tile({ of, name, ageMs, problem }: CameraNow & { readonly of: string }) {
  const isStopped = problem !== null || (ageMs !== null && ageMs > stoppedAfterMs)
  const age = ageMs === null ? '' : `${(Math.max(0, ageMs) / 1000).toFixed(1)} s`
  return (
    <figure class={isStopped ? 'tile stopped' : 'tile'} data-camera={name} data-stopped={isStopped}>
      <LivePicture of={of} label={`Camera ${name}`} width={4} height={3} />
      {ageMs === null && <p class="veil">no picture yet</p>}
      {isStopped && ageMs !== null && (
        <p class="veil">
          <b>Stopped</b>
          <span>{problem ?? `no new picture for ${Math.floor(ageMs / 1000)} s`}</span>
        </p>
      )}
      <figcaption>
        <span>{name}</span>
        <span class="num">{age}</span>
      </figcaption>
    </figure>
  )
}

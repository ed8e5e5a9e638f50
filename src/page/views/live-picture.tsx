// A picture that changes in place: no flicker, no layout shift, and its age beside it.

import { useComputed } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { pictures } from '../store.js'

interface LivePictureProps {
  /** `kind/name` */
  readonly of: string
  readonly label: string
  readonly width: number
  readonly height: number
}

export function LivePicture({ of, label, width, height }: LivePictureProps) {
  const picture = useComputed(() => pictures.value.get(of))
  const canvas = useRef<HTMLCanvasElement>(null)
  const shown = picture.value
  useLayoutEffect(() => {
    if (shown === undefined || canvas.current === null) return
    const { image } = shown
    canvas.current.width = image.width
    canvas.current.height = image.height
    canvas.current.getContext('2d')?.drawImage(image, 0, 0)
  }, [shown])
  return (
    <canvas
      ref={canvas}
      class="picture"
      role="img"
      aria-label={label}
      data-picture={of}
      data-clock-ms={shown?.header.clock_ms}
      width={width}
      height={height}
      style={{ aspectRatio: `${width} / ${height}` }}
    />
  )
}

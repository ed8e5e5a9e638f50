// One of few, as words in a row.

import type { ComponentChildren } from 'preact'

interface ChoiceProps<T> {
  readonly legend: string
  /** Read aloud only. */
  readonly isLegendUnseen?: boolean
  /** Of the group, one on the page. */
  readonly name: string
  readonly value: T
  readonly options: readonly (readonly [T, ComponentChildren])[]
  readonly onChange: (value: T) => void
  readonly class?: string
}

export function Choice<T extends string | null>(props: ChoiceProps<T>) {
  const { legend, isLegendUnseen = true, name, value, options, onChange } = props
  return (
    <fieldset class={`choice ${props.class ?? ''}`}>
      <legend class={isLegendUnseen ? 'unseen' : ''}>{legend}</legend>
      {options.map(([option, label]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

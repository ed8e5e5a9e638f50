// Dark or light: as the system has it, unless a person chose.

import { effect, signal } from '@preact/signals'

export type Theme = 'system' | 'light' | 'dark'
const key = 'cliport-theme'

function kept(): Theme {
  const value = localStorage.getItem(key)
  return value === 'light' || value === 'dark' ? value : 'system'
}

export const theme = signal<Theme>(kept())

export function followTheme(): void {
  effect(() => {
    const { value } = theme
    localStorage.setItem(key, value)
    if (value === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = value
  })
}

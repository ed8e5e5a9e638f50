// Which view is shown, in the address: #/, #/runs, #/runs/ID, #/runs/ID/ID, #/settings.

import { signal } from '@preact/signals'

export type Route =
  | { readonly view: 'cell' }
  | { readonly view: 'runs'; readonly ids: readonly string[] }
  | { readonly view: 'settings' }

export const route = signal<Route>(routeOf(location.hash))

export function followAddress(): void {
  window.addEventListener('hashchange', () => {
    route.value = routeOf(location.hash)
  })
}

export function routeOf(hash: string): Route {
  const [view, ...ids] = hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
  if (view === 'runs') return { view, ids: ids.slice(0, 2).map(decodeURIComponent) }
  return view === 'settings' ? { view } : { view: 'cell' }
}

/** Address of up to two runs, side by side. */
export const runsAddress = (ids: readonly string[]) => `#/runs${ids.map((id) => `/${encodeURIComponent(id)}`).join('')}`

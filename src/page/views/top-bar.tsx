// Where one is, and whose cell it is.

import { route } from '../route.js'
import { facts, link } from '../store.js'

const views = [
  ['cell', '#/', 'Cell'],
  ['runs', '#/runs', 'History'],
  ['settings', '#/settings', 'Settings'],
] as const

export function TopBar() {
  const known = facts.value
  return (
    <header class="top">
      <a class="name" href="#/">
        cliport
      </a>
      <nav aria-label="Views">
        {views.map(([view, address, label]) => (
          <a key={view} href={address} aria-current={route.value.view === view ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <p class="soft cell-name">
        {known === null
          ? ''
          : `${known.simulated ? 'simulated cell' : (known.backend ?? 'no arm')}, policy ${known.policy ?? 'not loaded'}`}
      </p>
      <p class={`link ${link.value}`}>
        {link.value === 'open' ? 'live' : link.value === 'connecting' ? 'connecting' : 'no connection'}
      </p>
    </header>
  )
}

// The settings cannot be used: what is wrong with them, and nothing that moves.

import { facts, session } from '../store.js'

export function SafeMode() {
  const problems = facts.value?.problems ?? []
  return (
    <main class="settings">
      <h1>Safe mode</h1>
      <p class="lead">{session.value?.reason ?? 'The settings cannot be used.'} Until then nothing moves.</p>
      <ol class="problems">
        {problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ol>
    </main>
  )
}

// The whole page: one view at a time, Stop below each of them.

import { notice } from '../requests.js'
import { route } from '../route.js'
import { facts, link, session } from '../store.js'
import { takeover } from '../takeover.js'
import { Cameras } from './cameras.js'
import { GoalBox } from './goal-box.js'
import { TableMap } from './map.js'
import { NowPanel } from './now-panel.js'
import { Queue } from './queue.js'
import { RunsView } from './runs-view.js'
import { SafeMode } from './safe-mode.js'
import { SceneView } from './scene-view.js'
import { SettingsView } from './settings-view.js'
import { StopBar } from './stop-bar.js'
import { TakeoverPanel } from './takeover-panel.js'
import { TokenView } from './token-view.js'
import { TopBar } from './top-bar.js'
import { Understanding } from './understanding.js'

export function App() {
  return (
    <>
      <TopBar />
      <Notice />
      <View />
      <StopBar />
    </>
  )
}

function View() {
  if (link.value === 'unauthorized') return <TokenView />
  if (facts.value === null) return <main class="alone soft">Waiting for the service</main>
  if (route.value.view === 'runs') return <RunsView />
  if (session.value?.mode === 'safe_mode') return <SafeMode />
  return route.value.view === 'settings' ? <SettingsView /> : <CellView />
}

function CellView() {
  return (
    <main class={link.value === 'open' ? 'cell' : 'cell old'}>
      <h1 class="unseen">The cell</h1>
      <div class="work">
        <GoalBox />
        {takeover.value === null ? <Understanding /> : <TakeoverPanel />}
        <TableMap />
      </div>
      <aside class="side">
        <NowPanel />
        <Queue />
        <Cameras />
      </aside>
      <SceneView />
    </main>
  )
}

/** What the service has against an act. Over the page, so that nothing moves because of it. */
function Notice() {
  if (notice.value === null) return null
  const { title, text, hint, answer } = notice.value
  return (
    <div class="notice" role="alert">
      <p>
        <b>{title}.</b> {text}
      </p>
      {hint !== '' && <p class="soft">{hint}</p>}
      {answer !== undefined && (
        <button type="button" class="main small" onClick={() => void answer.act()}>
          {answer.label}
        </button>
      )}
      <button
        type="button"
        class="text close"
        onClick={() => {
          notice.value = null
        }}
      >
        Close
      </button>
    </div>
  )
}

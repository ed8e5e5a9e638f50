// The page begins: token, theme, address, Stop key, then the service's events.

import { render } from 'preact'
import { connect, reconnect } from './connection.js'
import { followService } from './draft.js'
import { followAddress } from './route.js'
import { listenForStopKey } from './stop.js'
import { followTheme } from './theme.js'
import { takeTokenOfAddress } from './token.js'
import { App } from './views/app.js'

listenForStopKey()
takeTokenOfAddress()
// The printed address, opened where the page is open already: only what follows the # changes.
window.addEventListener('hashchange', () => {
  if (takeTokenOfAddress()) reconnect()
})
followAddress()
followTheme()
followService()
render(<App />, document.body)
void connect()

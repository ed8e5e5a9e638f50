// The page begins: token, theme, address, Stop key, then the service's events.

import { render } from 'preact'
import { connect } from './connection.js'
import { followService } from './draft.js'
import { followAddress } from './route.js'
import { listenForStopKey } from './stop.js'
import { followTheme } from './theme.js'
import { takeTokenOfAddress } from './token.js'
import { App } from './views/app.js'

listenForStopKey()
takeTokenOfAddress()
followAddress()
followTheme()
followService()
render(<App />, document.body)
void connect()

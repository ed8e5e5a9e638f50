// Without a token nothing can be seen or done; Stop works all the same.

import { reconnect } from '../connection.js'
import { keepToken } from '../token.js'

export function TokenView() {
  return (
    <main class="alone">
      <form
        class="token"
        onSubmit={(event) => {
          event.preventDefault()
          const given = new FormData(event.currentTarget).get('token')
          if (typeof given !== 'string' || given.trim() === '') return
          keepToken(given.trim())
          reconnect()
        }}
      >
        <h1>This service wants its token</h1>
        <p>
          <code>cliport serve</code> prints an address that contains it. Or paste the content of the token file here;
          this browser keeps it.
        </p>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autoComplete="current-password" required />
        <button type="submit" class="main">
          Connect
        </button>
      </form>
    </main>
  )
}

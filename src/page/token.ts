// The token that every act and question carries. It comes in the address once (`#token=...`), and is then kept by the browser.

const key = 'cliport-token'

/** Takes the token out of the address, so that no picture of the screen and no bookmark has it. @returns whether it had one */
export function takeTokenOfAddress(): boolean {
  const match = /(?:^#|&)token=([^&]+)/.exec(location.hash)
  if (match === null) return false
  keepToken(decodeURIComponent(match[1]!))
  history.replaceState(null, '', location.pathname + location.search)
  return true
}

export function keepToken(token: string): void {
  localStorage.setItem(key, token)
}

export function forgetToken(): void {
  localStorage.removeItem(key)
}

/** null: none yet. */
export function knownToken(): string | null {
  return localStorage.getItem(key)
}

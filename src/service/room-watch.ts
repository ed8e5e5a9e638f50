// After a full disk: looks until there is room again.

const lookMs = 1000

export class RoomWatch {
  #timer: NodeJS.Timeout | null = null

  /**
   * @param isThere whether there is room, and what was not written is written; must not reject
   * @param onRoom  hears of it once
   */
  constructor(
    private readonly isThere: () => Promise<boolean>,
    private readonly onRoom: () => void,
  ) {}

  begin(): void {
    this.#timer ??= setTimeout(() => void this.#look(), lookMs).unref()
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  async #look(): Promise<void> {
    const timer = this.#timer
    const isThere = await this.isThere()
    if (this.#timer !== timer) return
    this.#timer = null
    if (isThere) this.onRoom()
    else this.begin()
  }
}

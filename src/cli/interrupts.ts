// What can end a verb from outside: signals, and errors that nobody caught.

export type Interrupt =
  | { readonly kind: 'signal'; readonly name: NodeJS.Signals }
  /** Thrown outside every promise that the verb waits for. */
  | { readonly kind: 'uncaught'; readonly error: unknown }

export interface Interrupts {
  /** While somebody listens, no signal of `endingSignals` and no uncaught error ends the process by itself. */
  listen(listener: (interrupt: Interrupt) => void): () => void
  /** Ends the process without waiting for anything. */
  endAtOnce(): void
}

/**
 * Signals that end a verb in order: Ctrl-C, kill, a closed terminal, Ctrl-\, and the one that log rotation likes to send.
 * SIGPIPE is ignored by Node (writing fails with EPIPE instead, see output.ts), SIGUSR1 opens Node's debugger and ends
 * nothing, SIGKILL cannot be caught: the controller misses the heartbeat and stops the arm within 100 ms.
 */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

/** Those of this process. */
export const processInterrupts: Interrupts = {
  listen(listener) {
    const onSignal = (name: NodeJS.Signals) => listener({ kind: 'signal', name })
    const onUncaught = (error: unknown) => listener({ kind: 'uncaught', error })
    for (const name of endingSignals) process.on(name, onSignal)
    // Rejections that nobody handles come here as well.
    process.on('uncaughtException', onUncaught)
    return () => {
      for (const name of endingSignals) process.off(name, onSignal)
      process.off('uncaughtException', onUncaught)
    }
  },

  /**
   * As if Ctrl-C had never been caught, which a shell reports as 130. process.exit() would first stop the worker threads
   * and wait for them: one inside ONNX Runtime then aborts the process, one inside a long native call holds it up. The
   * controller misses the heartbeat and stops the arm.
   */
  endAtOnce() {
    process.removeAllListeners('SIGINT')
    process.kill(process.pid, 'SIGINT')
  },
}

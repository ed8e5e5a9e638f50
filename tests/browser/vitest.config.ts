import { defineConfig } from 'vitest/config'

// One browser and one service at a time: the two share the processor with the simulated cell.
export default defineConfig({
  test: {
    include: ['tests/browser/*.browser.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})

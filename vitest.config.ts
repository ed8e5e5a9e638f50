import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Worker threads run compiled code: `make test` builds first, and every worker is started from dist/ (src/native/paths.ts).
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    pool: 'forks',
    // Tests have keys of their own, in the temporary folder, and leave those of the user alone.
    env: { CLIPORT_ROBOT_KEYS: join(tmpdir(), `cliport-test-keys-${userInfo().username}`) },
  },
})

import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Files that look for free ports by trying, or move an arm in real time: one at a time. */
const serial = [
  'tests/contract/robot-link.test.ts',
  'tests/integration/deoxys-*.test.ts',
  'tests/integration/fault-matrix-*.test.ts',
  'tests/integration/link-*.test.ts',
  'tests/integration/policy-server-verbs.test.ts',
  'tests/integration/realsense-*.test.ts',
]

/** Whole runs and restarts of the service, minutes of them: scripts/test-service. */
const service = 'tests/service/**/*.test.ts'

// Worker threads run compiled code: `make test` builds first, and every worker is started from dist/ (src/native/paths.ts).
export default defineConfig({
  test: {
    pool: 'forks',
    // What never ends is ended; no test is about how long anything takes on a machine that may be busy.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    env: {
      // Tests have keys of their own, in the temporary folder, and leave those of the user alone.
      CLIPORT_ROBOT_KEYS: join(tmpdir(), `cliport-test-keys-${userInfo().username}`),
      // What tests read is the same on a terminal, in a pipe, and where CI is set, which turns colours on.
      NO_COLOR: '1',
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'parallel',
          include: ['tests/**/*.test.ts'],
          exclude: [...serial, service],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'serial', include: serial, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'service', include: [service], fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
})

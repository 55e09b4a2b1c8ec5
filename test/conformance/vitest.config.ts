import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    // A certificate that the process did not know when it began is never trusted: threads would not do.
    pool: 'forks',
    reporters: ['./line-reporter.ts'],
    testTimeout: 10_000,
  },
})

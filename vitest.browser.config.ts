import { defineConfig } from 'vitest/config'

/** In a real browser, in real time, on the built package: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // Sound is rendered in real time: what runs beside a test disturbs it.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
})

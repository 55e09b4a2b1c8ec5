import { defineConfig } from 'vitest/config'

/** In a real browser, in real time, on the built package: `npm run test:browser`. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/browser/{page,link-faults,server-faults}.test.ts'],
          sequence: { groupOrder: 0 },
          // Most of a call is waiting: four of them take less than two cores. A demo has as many recognisers as cores.
          maxConcurrency: 2,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          // Sound is rendered in real time: what runs beside a measurement of it disturbs it.
          include: ['test/browser/{audio,barge-in}.test.ts'],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
        },
      },
    ],
  },
})

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Real speech, real time and the heap: what runs beside these disturbs them. */
const alone = [
  'test/examples/{mount,real-speech}.test.ts',
  'test/contract/{embedded-*,leaks,resume,silent-death,slow-listeners,proxies}.test.ts',
]

export default defineConfig({
  test: {
    // vitest leaves one core free, which on a machine of two halves it; most of these tests wait for sockets.
    maxWorkers: Math.max(2, availableParallelism()),
    coverage: {
      provider: 'v8',
      include: ['src/**', 'adapters/**'],
      exclude: ['**/*.d.ts'],
      reporter: ['text', 'html'],
    },
    projects: [
      {
        test: {
          name: 'together',
          testTimeout: 20_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/{browser,conformance,runtimes}/**', '**/node_modules/**', ...alone],
          typecheck: {
            enabled: true,
            include: ['test/**/*.test-d.ts'],
            tsconfig: 'test/tsconfig.json',
            checker: 'tsc',
            ignoreSourceErrors: true,
          },
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          fileParallelism: false,
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/{browser,conformance,runtimes}/**', '**/node_modules/**'],
    typecheck: {
      enabled: true,
      include: ['test/**/*.test-d.ts'],
      tsconfig: 'test/tsconfig.json',
      checker: 'tsc',
      ignoreSourceErrors: true,
    },
    testTimeout: 10_000,
    coverage: {
      provider: 'v8',
      include: ['src/**', 'adapters/**'],
      exclude: ['**/*.d.ts'],
      reporter: ['text', 'html'],
    },
  },
})

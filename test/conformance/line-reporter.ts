import type { Reporter, TestModule, TestSuite } from 'vitest/node'

/** Prints one line for every vendor and direction, and below it what failed. */
export default class LineReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    for (const error of module.errors()) console.error(error.stack ?? error.message)
    for (const vendor of module.children.suites()) {
      const parts = [...vendor.children.suites()].map(part => `${part.name} ${tally(part)}`)
      if (parts.length > 0)
        console.log(`${vendor.name.padEnd(24)}${parts.map(part => part.padEnd(42)).join('')}`.trimEnd())
      for (const test of vendor.children.allTests('failed'))
        console.log(`  failed: ${test.fullName}\n    ${test.result().errors?.[0]?.stack ?? ''}`)
    }
  }
}

function tally(suite: TestSuite): string {
  const tests = [...suite.children.allTests()]
  const passed = tests.filter(test => test.result().state === 'passed').length
  return `${passed}/${tests.length}`
}

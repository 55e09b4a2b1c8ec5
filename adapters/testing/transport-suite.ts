import { closingTests } from './suite/closing.js'
import { messageTests } from './suite/messages.js'
import { pressureTests } from './suite/pressure.js'
import { type TestApi, type TransportUnderTest, testsOf } from './suite/scene.js'
import { upgradeTests } from './suite/upgrades.js'
import { wrongFrameTests } from './suite/wrong-frames.js'

export type { RunningTransport, TestApi, TransportTraits, TransportUnderTest } from './suite/scene.js'

export interface SuiteOptions {
  /** How many clients leave during the upgrade in the test of that. Default 1000. */
  readonly abortedUpgrades?: number | undefined
}

/**
 * Declares the tests that every transport must pass. They use no `ws` and no handler: raw TCP on one side, a mount
 * that writes everything down on the other.
 *
 * @param api of your test runner: `import { describe, it, expect } from 'vitest'`.
 */
export function transportSuite(api: TestApi, transport: TransportUnderTest, options: SuiteOptions = {}): void {
  const { abortedUpgrades = 1000 } = options
  const test = testsOf(transport, api)
  api.describe(`transport ${transport.name}`, () => {
    api.describe('upgrade', () => upgradeTests(test, { abortedUpgrades }))
    api.describe('messages', () => messageTests(test))
    api.describe('closing', () => closingTests(test))
    api.describe('pressure', () => pressureTests(test))
    api.describe('wrong frames', () => wrongFrameTests(test))
  })
}

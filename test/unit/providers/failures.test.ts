import { afterEach, beforeEach, describe } from 'vitest'
import type { FakeVendor } from '../../fixtures/providers/fake-vendor.js'
import { vendorRows } from '../../fixtures/providers/rows.js'
import { testFailureTable } from '../../fixtures/providers/suites.js'

describe.each(vendorRows)('$name', row => {
  let fake: FakeVendor

  beforeEach(async () => {
    fake = await row.createFake().listen()
  })

  afterEach(() => fake.close())

  testFailureTable(row, () => fake)
})

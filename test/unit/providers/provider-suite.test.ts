import { afterAll, beforeAll, describe } from 'vitest'
import type { FakeVendor } from '../../fixtures/providers/fake-vendor.js'
import { vendorRows } from '../../fixtures/providers/rows.js'
import { testContract } from '../../fixtures/providers/suites.js'

describe.each(vendorRows)('$name', row => {
  let fake: FakeVendor

  beforeAll(async () => {
    fake = await row.createFake().listen()
  })

  afterAll(() => fake.close())

  testContract(row, () => fake)
})

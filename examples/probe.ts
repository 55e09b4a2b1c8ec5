import { probe } from './probe/probe.js'

process.exitCode = await probe(process.argv[2], process.env, line => console.info(line))

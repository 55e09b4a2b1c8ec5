type Log = (fields: object, message: string) => void

/** The part of a pino logger that voice-ws uses. Fields never hold credentials, tokens, URLs or what was said. */
export interface Logger {
  debug: Log
  info: Log
  warn: Log
  error: Log
}

const ignore: Log = () => {}

/** Writes warnings and errors to the console and drops the rest. */
export const consoleLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: (fields, message) => console.warn(`voice-ws: ${message}`, fields),
  error: (fields, message) => console.error(`voice-ws: ${message}`, fields),
}

/** Drops everything. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

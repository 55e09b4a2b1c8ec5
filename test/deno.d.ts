// Hono's helper for Deno names this type of Deno's; nothing here runs on it.
declare namespace Deno {
  interface UpgradeWebSocketOptions {
    readonly protocol?: string
  }
}

import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Context } from 'hono'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Nothing from elsewhere: no scripts, no styles, no fonts. The worklets are files, so they need no exception either. */
const contentSecurityPolicy = "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'"

/** A file of one folder and nothing outside it. */
export async function sendFile(c: Context, folder: URL, path: string): Promise<Response> {
  const file = new URL(path, folder)
  const contentType = contentTypes[extname(file.pathname)]
  if (!contentType || !file.href.startsWith(folder.href)) return c.notFound()
  try {
    return c.body(await readFile(file), 200, {
      'content-type': contentType,
      'content-security-policy': contentSecurityPolicy,
      // The page changes while it is being worked on.
      'cache-control': 'no-cache',
    })
  } catch {
    return c.notFound()
  }
}

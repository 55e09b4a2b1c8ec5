import type { Socket } from 'node:net'

const resetting = new WeakSet<Socket>()

/**
 * Ends a socket with RST. Node 20 loses a socket for good, `close` event and all, when it is reset while its FIN is on
 * the way, so one that is already ending is destroyed instead.
 */
export function reset(socket: Socket): void {
  if (resetting.has(socket)) return
  if (socket.writableEnded || socket.writableLength > 0) return void socket.destroy()
  resetting.add(socket)
  // Should its peer be quicker, the lost socket at least keeps no process alive.
  socket.unref()
  socket.resetAndDestroy()
}

/** Ends a socket that is not being reset. */
export function destroy(socket: Socket): void {
  if (!resetting.has(socket)) socket.destroy()
}

/** Resolves when the socket is closed, or lost by the reset. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.once('close', () => resolve())
    socket.on('error', (error: NodeJS.ErrnoException) => error.syscall === 'reset' && resolve())
  })
}

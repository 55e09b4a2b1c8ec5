import type { Cancel } from '../util/clock.js'

/** Whether there is a network. */
export interface NetworkMonitor {
  readonly online: boolean
  subscribe(listener: (online: boolean) => void): Cancel
}

/** When the page or app is about to be stopped, and when it runs again. */
export interface LifecycleMonitor {
  /** True: it runs again. False: it is about to be stopped. */
  subscribe(listener: (running: boolean) => void): Cancel
}

/** What the client wants to know of the device. React Native: map NetInfo and AppState onto it. */
export interface Platform {
  readonly network?: NetworkMonitor | undefined
  readonly lifecycle?: LifecycleMonitor | undefined
}

interface Target {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

interface Page extends Target {
  readonly document?: Target & { readonly visibilityState: string }
  readonly navigator: { readonly onLine: boolean }
}

/** The events of a browser page; nothing where there is no page. */
export function browserPlatform(): Platform {
  const page = globalThis as unknown as Page
  const { document } = page
  if (!document) return {}
  return {
    network: {
      get online() {
        return page.navigator.onLine
      },
      subscribe: tell => listen([page, 'online', () => tell(true)], [page, 'offline', () => tell(false)]),
    },
    lifecycle: {
      subscribe: tell =>
        listen(
          [document, 'freeze', () => tell(false)],
          [page, 'pagehide', () => tell(false)],
          [document, 'resume', () => tell(true)],
          [page, 'pageshow', () => tell(true)],
          [document, 'visibilitychange', () => document.visibilityState === 'visible' && tell(true)],
        ),
    },
  }
}

function listen(...all: readonly [Target, string, () => void][]): Cancel {
  for (const [target, type, listener] of all) target.addEventListener(type, listener)
  return () => {
    for (const [target, type, listener] of all) target.removeEventListener(type, listener)
  }
}

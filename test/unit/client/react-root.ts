import { act, type ReactNode } from 'react'

interface Root {
  render(node: ReactNode): Promise<void>
  unmount(): Promise<void>
}

interface ReactDom {
  createRoot(container: unknown): { render(node: ReactNode): void; unmount(): void }
  renderToString(node: ReactNode): string
}

/** A part of react-dom, which comes without types. */
export function reactDom(part: 'client' | 'server'): Promise<ReactDom> {
  const name = `react-dom/${part}`
  return import(/* @vite-ignore */ name)
}

/** A React root over as much of a document as components need that render nothing. */
export async function emptyRoot(): Promise<Root> {
  const listens = { addEventListener() {}, removeEventListener() {} }
  const document = { ...listens, nodeType: 9, defaultView: {}, documentElement: {} }
  const window = { ...listens, document, HTMLIFrameElement: class {} }
  document.defaultView = window
  const container = {
    ...listens,
    nodeType: 1,
    nodeName: 'DIV',
    tagName: 'DIV',
    ownerDocument: document,
    textContent: '',
  }
  document.documentElement = container
  Object.assign(globalThis, { window, document, IS_REACT_ACT_ENVIRONMENT: true })
  const { createRoot } = await reactDom('client')
  const root = createRoot(container)
  return {
    render: node => act(async () => root.render(node)),
    async unmount() {
      await act(async () => root.unmount())
      for (const name of ['window', 'document', 'IS_REACT_ACT_ENVIRONMENT']) Reflect.deleteProperty(globalThis, name)
    },
  }
}

/** The element of the page with this id. */
export const byId = id => document.getElementById(id)

/** A new element with text, which is never read as HTML. */
export function element(tag, className, text = '') {
  const created = document.createElement(tag)
  created.className = className
  created.textContent = text
  return created
}

export interface SsmlVoice {
  readonly name: string
  readonly language: string
  /** 1 is the voice's own speed. */
  readonly speakingRate: number | undefined
  readonly style: string | undefined
}

/** A text as Azure wants it said. */
export function ssmlOf(text: string, { name, language, speakingRate, style }: SsmlVoice): string {
  let said = escaped(text)
  if (speakingRate !== undefined) said = `<prosody rate="${speakingRate}">${said}</prosody>`
  if (style !== undefined) said = `<mstts:express-as style="${escaped(style)}">${said}</mstts:express-as>`
  const namespaces = 'xmlns="http://www.w3.org/2001/10/synthesis" xmlns:mstts="https://www.w3.org/2001/mstts"'
  const voice = `<voice name="${escaped(name)}">${said}</voice>`
  return `<speak version="1.0" ${namespaces} xml:lang="${escaped(language)}">${voice}</speak>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Also leaves out what XML does not allow at all, for which the whole text would be refused. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, character => entities[character] ?? '')
}

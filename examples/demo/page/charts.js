import { element } from './elements.js'

const periodMs = 200
const points = 300

/** A strip with the last minute of one number. */
export class Chart {
  #name
  #least
  #format
  #steps
  #values = []
  #levels = []
  #canvas = element('canvas', '')
  #value = element('span', 'value')

  /**
   * @param least the scale ends here at the lowest.
   * @param format the number in words, and how bad it is: '', 'warn' or 'bad'.
   */
  constructor(parent, { name, least, format, steps = false }) {
    this.#name = name
    this.#least = least
    this.#format = format
    this.#steps = steps
    const words = element('div', '')
    words.append(element('span', 'name', name), this.#value)
    const box = element('div', 'chart')
    box.append(words, this.#canvas)
    this.#canvas.setAttribute('role', 'img')
    parent.append(box)
  }

  /** @param value undefined: there is nothing to measure. */
  add(value) {
    const [text, level] = value === undefined ? ['–', ''] : this.#format(value)
    this.#values.push(value)
    this.#levels.push(level)
    if (this.#values.length > points) {
      this.#values.shift()
      this.#levels.shift()
    }
    this.#value.textContent = text
    this.#value.dataset.level = level
    this.#canvas.setAttribute('aria-label', `${this.#name} over the last minute, now ${text}`)
    this.#draw()
  }

  #draw() {
    const canvas = this.#canvas
    const { clientWidth: width, clientHeight: height } = canvas
    const scale = devicePixelRatio
    if (canvas.width !== width * scale) {
      canvas.width = width * scale
      canvas.height = height * scale
    }
    const context = canvas.getContext('2d')
    const style = getComputedStyle(canvas)
    const colours = {
      '': style.getPropertyValue('--bot'),
      warn: style.getPropertyValue('--warn'),
      bad: style.getPropertyValue('--bad'),
    }
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, width, height)
    context.fillStyle = style.getPropertyValue('--line')
    context.fillRect(0, height - 1, width, 1)
    const top = Math.max(this.#least, ...this.#values.filter(value => value !== undefined)) * 1.08
    const step = width / (points - 1)
    const x = index => width - (this.#values.length - 1 - index) * step
    const y = value => height - 2 - (value / top) * (height - 4)
    context.lineWidth = 1.75
    context.lineJoin = 'round'
    for (const [from, to] of this.#runs()) {
      context.beginPath()
      context.moveTo(x(from), y(this.#values[from]))
      for (let i = from + 1; i <= to; i++) {
        if (this.#steps) context.lineTo(x(i), y(this.#values[i - 1]))
        context.lineTo(x(i), y(this.#values[i]))
      }
      context.strokeStyle = context.fillStyle = colours[this.#levels[to]]
      context.stroke()
      context.lineTo(x(to), height - 1)
      context.lineTo(x(from), height - 1)
      context.globalAlpha = 0.14
      context.fill()
      context.globalAlpha = 1
    }
  }

  /** Stretches of one level, from the value before to the last one of it. */
  #runs() {
    const runs = []
    for (let i = 1; i < this.#values.length; i++) {
      if (this.#values[i - 1] === undefined || this.#values[i] === undefined) continue
      const last = runs.at(-1)
      if (last?.[1] === i - 1 && this.#levels[i] === this.#levels[last[1]] && last[0] < last[1]) last[1] = i
      else runs.push([i - 1, i])
    }
    return runs
  }
}

/** Reads all charts' sources five times a second. */
export function runCharts(parent, sources) {
  const charts = sources.map(source => [new Chart(parent, source), source.read])
  setInterval(() => {
    for (const [chart, read] of charts) chart.add(read())
  }, periodMs)
}

// What axe does not see. A finding names the check, the element and what is
// wrong with it.
window.hunyue = (() => {
  const root = document.documentElement
  const shown = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !outside(e)
  const outside = e => { const b = e.getBoundingClientRect(); return b.right <= 0 || b.width <= 1 && b.height <= 1 }
  const em = e => parseFloat(getComputedStyle(e).fontSize)
  const own = e => [...e.childNodes].filter(c => c.nodeType === Node.TEXT_NODE).map(c => c.data.trim()).join('')
  const around = node => { const r = document.createRange(); r.selectNodeContents(node); return r.getBoundingClientRect() }

  const named = e => {
    const says = (e.innerText || e.value || e.getAttribute('aria-label') || '').trim().replace(/\s+/g, ' ').slice(0, 30)
    const from = e.closest('[id], [class]')
    const at = from && from !== e ? name(from) + ' ' : ''
    return at + name(e) + (says ? ` "${says}"` : '')
  }
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + [...e.classList].map(c => '.' + c).join('')

  // The page is wider than the screen, or something in it that cannot be scrolled.
  const overflow = () => {
    if (root.scrollWidth <= innerWidth) return []
    const wide = [...document.querySelectorAll('body *')].filter(e => shown(e) && e.getBoundingClientRect().right > innerWidth + 0.5)
    const inner = wide.filter(e => !wide.some(o => o !== e && e.contains(o)))
    return [['OVERFLOW', inner.slice(0, 3).map(named).join(', ') || 'html', `the page is ${root.scrollWidth} px wide`]]
  }

  // Text is cut off.
  const clip = () => [...document.querySelectorAll('body *')].filter(e => {
    const s = getComputedStyle(e)
    if (!shown(e) || !e.textContent.trim() || s.position === 'absolute') return false
    if (e.tagName === 'SELECT') return selectCuts(e, s)
    if (e.tagName === 'OPTION') return false
    return /hidden|clip/.test(s.overflowX) && e.scrollWidth > e.clientWidth + 1 || /hidden|clip/.test(s.overflowY) && e.scrollHeight > e.clientHeight + 1
  }).map(e => ['CLIP', named(e), `${e.scrollWidth}x${e.scrollHeight} px are shown on ${e.clientWidth}x${e.clientHeight}`])

  const selectCuts = (e, s) => {
    const pen = document.createElement('canvas').getContext('2d')
    pen.font = s.font
    const room = e.clientWidth - parseFloat(s.paddingLeft) - parseFloat(s.paddingRight) - em(e)
    return e.selectedOptions.length > 0 && pen.measureText(e.selectedOptions[0].label).width > room + 1
  }

  // A time, a range of times, a ticket, a number or a Latin word is on two lines. A secret, which no
  // line may have room for, is code.
  const split = () => {
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let n; n = texts.nextNode();) {
      if (!shown(n.parentElement) || n.parentElement.closest('code')) continue
      for (const m of n.data.matchAll(/\d{1,2}:\d{2}(?:–\u2060?\d{1,2}:\d{2})?|[A-Z]\d{3}|\d{2,8}|[A-Za-z]{2,20}/g)) {
        const r = document.createRange()
        r.setStart(n, m.index)
        r.setEnd(n, m.index + m[0].length)
        const boxes = [...r.getClientRects()].filter(b => b.width > 0)
        if (boxes.some(b => Math.abs(b.top - boxes[0].top) > 4)) found.push(['SPLIT', named(n.parentElement), m[0]])
      }
    }
    return found
  }

  // Text stands in a column of single characters.
  const thin = () => [...document.querySelectorAll('body *')].filter(e => {
    if (own(e).length < 4 || !shown(e)) return false
    const b = around(e)
    return b.width > 1 && b.width < em(e) * 2.2 && b.height > em(e) * 3
  }).map(e => { const b = around(e); return ['THIN', named(e), `${Math.round(b.width)}x${Math.round(b.height)} px`] })

  // What is pressed is too small for a thumb. A link within a sentence is as high
  // as its line, which WCAG 2.5.8 allows; a label belongs to what it labels.
  const target = least => [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')]
    .filter(e => shown(e) && !inSentence(e)).map(pressed)
    .filter(b => Math.round(b.width) < least || Math.round(b.height) < least)
    .map(b => ['TARGET', named(b.of), `${Math.round(b.width)}x${Math.round(b.height)} px, less than ${least}`])
  const inSentence = e => e.tagName === 'A' && getComputedStyle(e).display === 'inline' &&
    [...e.parentElement.childNodes].some(n => n !== e && n.nodeType === Node.TEXT_NODE && n.data.trim().length > 1)
  const pressed = e => {
    const boxes = [e.getBoundingClientRect()]
    if (/radio|checkbox/.test(e.type)) boxes.push(...[...e.labels].map(l => l.getBoundingClientRect()))
    const cover = getComputedStyle(e, '::after')
    if (cover.position === 'absolute' && cover.content !== 'none') boxes.push(coverOf(e))
    return {of: e, width: Math.max(...boxes.map(b => b.width)), height: Math.max(...boxes.map(b => b.height))}
  }
  const coverOf = e => { while (e.parentElement && getComputedStyle(e).position === 'static') e = e.parentElement; return e.getBoundingClientRect() }

  // All rules of axe but these read only the document and which of its elements are
  // shown. Of these, two read colours too, and two only where everything stands.
  const ofColour = ['color-contrast', 'link-in-text-block'], ofLayout = ['scrollable-region-focusable', 'target-size']
  const axed = async only => {
    const all = await axe.run(document, {runOnly: only, resultTypes: ['violations']})
    return all.violations.flatMap(v => v.nodes.map(n => ['axe ' + v.id, n.target.join(' '), (n.any[0] || n.all[0] || n.none[0] || {}).message || v.help]))
  }
  const by = (rules, found) => found.filter(f => rules.includes(f[0].slice('axe '.length)))

  // paint is all that decides whether text can be told from what is behind it and
  // from the text around it: how each element is painted, whether its letters count as
  // large, and what lies behind it. As long as nothing of this differs, neither does
  // what axe says of colours.
  const paint = (all, boxes) => {
    const looks = all.map((e, i) => shown(e) ? look(e, boxes[i]) : '')
    const grounds = all.map((e, i) => i).filter(i => looks[i] && ground(all[i]))
    const behind = all.map((e, i) => looks[i] && (own(e) || e.value) ? grounds.filter(g => all[g] !== e && under(all, boxes, g, i)).join() : '')
    return looks.join('|') + '\n' + behind.join('|')
  }
  const look = (e, box) => {
    const s = getComputedStyle(e), size = parseFloat(s.fontSize)
    return [
      s.color, s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode, s.textShadow, s.position, s.zIndex, s.float, s.display,
      s.fontFamily, s.fontWeight, s.fontStyle, s.textDecorationLine, s.borderBottomStyle, s.borderBottomColor, parseFloat(s.borderBottomWidth) > 0,
      size >= 24 || size >= 18.66 && s.fontWeight >= 700, drawn(e, '::before', box), drawn(e, '::after', box),
    ].join(' ')
  }
  const drawn = (e, pseudo, box) => {
    const s = getComputedStyle(e, pseudo)
    if (s.content === 'none' || s.content === 'normal') return ''
    return [s.display, s.position, s.backgroundColor, s.backgroundImage, parseFloat(s.width) * parseFloat(s.height) > box.width * box.height / 4].join(' ')
  }
  const ground = e => {
    const s = getComputedStyle(e)
    return s.backgroundColor !== 'rgba(0, 0, 0, 0)' || s.backgroundImage !== 'none' || s.overflow !== 'visible' || /^(img|svg|canvas|video)$/i.test(e.tagName)
  }
  // under reports whether some of a ground is behind an element, and for one that the
  // element is in, whether it reaches beyond it.
  const under = (all, boxes, g, i) => {
    const a = boxes[g], b = boxes[i]
    if (all[g].contains(all[i])) return b.left < a.left - 1 || b.right > a.right + 1 || b.top < a.top - 1 || b.bottom > a.bottom + 1
    return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top
  }

  // What stands where it stood before, as in another theme, and what is painted as it
  // was painted before, as on another screen, is found to be as it was then without
  // being measured again.
  const structures = new Set(), layouts = new Map(), targets = new Map(), paints = new Map()
  const measured = async now => {
    const all = [...document.querySelectorAll('body *')], boxes = all.map(e => e.getBoundingClientRect())
    const structure = all.map(e => shown(e) ? 1 : 0).join('')
    const layout = now.least + boxes.map(b => [b.x, b.y, b.width, b.height]).join()
    if (!layouts.has(layout)) layouts.set(layout, [...overflow(), ...clip(), ...split(), ...thin(), ...target(now.least)])
    const found = layouts.get(layout)
    return now.tags ? [...found, ...await judged(now.tags, structure, layout, paint(all, boxes))] : found
  }
  const judged = async (tags, structure, layout, painted) => {
    const anew = !structures.has(structure)
    const rules = [...targets.has(layout) ? [] : ofLayout, ...paints.has(painted) ? [] : ofColour]
    const found = anew ? await axed({type: 'tag', values: tags}) : rules.length ? await axed({type: 'rule', values: rules}) : []
    structures.add(structure)
    if (anew || !targets.has(layout)) targets.set(layout, by(ofLayout, found))
    if (anew || !paints.has(painted)) paints.set(painted, by(ofColour, found))
    const others = found.filter(f => !by([...ofLayout, ...ofColour], [f]).length)
    return [...others, ...targets.get(layout), ...paints.get(painted)]
  }

  const settled = async now => {
    for (let i = 0; i < 400 && !(innerWidth === now.width && matchMedia('(prefers-color-scheme: dark)').matches === now.dark); i++)
      await new Promise(done => setTimeout(done, 5))
    return innerWidth === now.width
  }

  return {
    // look is what is wrong with the page as it is shown now.
    async look(now) {
      if (now.size) root.dataset.size = now.size
      else delete root.dataset.size
      if (!await settled(now)) return [['WIDTH', 'html', `the window is ${innerWidth} px wide, not ${now.width}`]]
      return measured(now)
    },
  }
})()

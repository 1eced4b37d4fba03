"""What every page must keep to, as sentences about the page that is shown now."""

from playwright.sync_api import Page

TOUCH = 44  # css pixels: a wet finger in the rain

# Links inside a sentence are exempt (WCAG 2.5.8), and what a label or the browser makes large.
SMALL = """(least) => {
  const shown = (e) => {
    const b = e.getBoundingClientRect();
    const s = getComputedStyle(e);
    return b.width > 0 && b.height > 0 && s.visibility !== 'hidden' && b.right > 0 && b.bottom > 0;
  };
  const exempt = (e) => e.matches('.skip, [aria-hidden=true], .hidden-visually')
    || e.closest('.leaflet-control-attribution, [aria-hidden=true]')
    || (e.tagName === 'A' && e.closest('p') && getComputedStyle(e).display === 'inline');
  const dialog = document.querySelector('dialog[open]');
  const all = (dialog ?? document).querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, [role=tab], summary');
  return [...all].filter((e) => shown(e) && !exempt(e)).map((e) => {
    const check = e.matches('[type=checkbox], [type=radio]');
    const b = (check ? e.closest('label') ?? e : e).getBoundingClientRect();
    return [e.outerHTML.slice(0, 90), Math.round(b.width), Math.round(b.height)];
  }).filter(([, w, h]) => w < least - .5 || h < least - .5);
}"""

# the override of WCAG 1.4.12, by a sheet that the page's policy lets through
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important;'
    + ' word-spacing: .16em !important; } p { margin-bottom: 2em !important; }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
CLIPPED = """() => [...document.querySelectorAll('body *')].filter((e) => {
  const s = getComputedStyle(e);
  if (e.closest('svg, .hidden-visually, .leaflet-container, .skip')) return false;
  if (s.position === 'absolute') return false;
  const cuts = ['hidden', 'clip'];
  if (!cuts.includes(s.overflowX) && !cuts.includes(s.overflowY)) return false;
  // shortened on purpose
  if (s.webkitLineClamp !== 'none' || s.textOverflow === 'ellipsis') return false;
  if (!e.innerText?.trim()) return false;
  return e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
}).map((e) => `${e.tagName}.${e.className}: ${e.innerText.slice(0, 40)}`)"""

WORDLESS = """() => [...document.querySelectorAll(
    '.chip[data-state], .left, .chip.overdue, .chip.soon')]
  .filter((e) => !e.querySelector('svg use') || !e.textContent.trim())
  .map((e) => e.outerHTML.slice(0, 120))"""


def small_controls(page: Page) -> list[str]:
    """Name the controls whose box is under 44 by 44 css pixels."""
    return [f"{w}x{h} {html}" for html, w, h in page.evaluate(SMALL, TOUCH)]


def clipped_when_spaced(page: Page) -> list[str]:
    """Name the texts that are cut when lines, letters and words are set apart (WCAG 1.4.12)."""
    page.evaluate(SPACED)
    found: list[str] = page.evaluate(CLIPPED)
    page.evaluate("document.adoptedStyleSheets = []")
    return found


def told_by_colour_alone(page: Page) -> list[str]:
    """Name the marks of a state or a clock that a grey picture would not tell apart."""
    found: list[str] = page.evaluate(WORDLESS)
    return found

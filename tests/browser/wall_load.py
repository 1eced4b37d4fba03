"""Load for the wall: a stream of our own in place of the server's, and what a frame costs.

Everything behind `fetch` is the real page.
"""

from dataclasses import dataclass

from playwright.sync_api import CDPSession, Page

SLOW_MS = 100
MB = 1024 * 1024

# By the clock, not by the timer: a timer that comes late makes up for it, so that the rate holds.
FIRE = """({ perS, seconds, open }) => {
  const real = window.fetch;
  const hour = 3_600_000;
  window.sent = 0;
  const place = (n) => ({ lat: 11.90 + (n % 97) / 1000, lon: 108.40 + (n % 89) / 1000 });
  const due = (n) => new Date(Date.now() + (n % 3 ? 2 * hour : -60_000 - n * 1000)).toISOString();
  const event = (n) => ({ id: `load-${n}`, type: 'case.assigned.v1', subject: `DL-LOAD-${n % 400}`,
    time: new Date().toISOString(), data: { case: { category: 'environment', unit: 'ward_1',
      state: ['assigned', 'accepted', 'in_progress', 'resolved'][n % 4],
      area: null, due_at: due(n), place: place(n) } } });
  const row = (n) => ({ code: `DL-OPEN-${n}`, state: 'assigned', category: 'environment',
    unit: 'ward_1', area: null, due_at: due(n), ...place(n * 7) });
  const json = (body) => new Response(JSON.stringify(body),
    { headers: { 'Content-Type': 'application/json' } });
  const stream = () => new ReadableStream({ start(out) {
    const say = new TextEncoder(), begun = performance.now();
    const timer = setInterval(() => {
      const passed = performance.now() - begun;
      if (passed > seconds * 1000) { clearInterval(timer); return; }
      for (; window.sent < passed * perS / 1000; window.sent++) {
        const said = JSON.stringify(event(window.sent));
        out.enqueue(say.encode(`id: ${window.sent}\\nevent: event\\ndata: ${said}\\n\\n`));
      }
    }, 1000 / perS);
  } });
  window.fetch = (url, options) => {
    const asked = String(url);
    if (open && asked.includes('/ioc/cases')) {
      const items = Array.from({ length: open }, (_, n) => row(n));
      return Promise.resolve(json({ as_of: new Date().toISOString(), items, next: null }));
    }
    if (!asked.includes('/ioc/stream')) return real(url, options);
    const headers = { 'Content-Type': 'text/event-stream' };
    return Promise.resolve(new Response(stream(), { headers }));
  };
}"""

_FRAMES = """(seconds) => new Promise((done) => {
  const gaps = [], end = performance.now() + seconds * 1000;
  let last = performance.now();
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(next); else done(gaps);
  };
  requestAnimationFrame(next);
})"""
_COSTS = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


@dataclass(frozen=True)
class Frames:
    """What a page's frames were like for some seconds.

    Attributes:
        gaps: Milliseconds between two frames, sorted.
        costs: Milliseconds of the main thread per second, by the browser's own names.
    """

    gaps: list[float]
    costs: dict[str, float]

    @property
    def slow(self) -> int:
        """Count the frames that came more than 100 ms after the one before."""
        return sum(gap > SLOW_MS for gap in self.gaps)

    @property
    def share(self) -> float:
        """Of all frames, the slow ones."""
        return self.slow / len(self.gaps)

    def __str__(self) -> str:
        """One line for a person."""
        middle = self.gaps[len(self.gaps) // 2]
        costs = ", ".join(f"{name[:-8]} {cost:.0f}" for name, cost in self.costs.items())
        return (
            f"{len(self.gaps)} frames, median {middle:.0f} ms, worst {self.gaps[-1]:.0f} ms, "
            f"{self.slow} over {SLOW_MS} ms; ms of the main thread per second: {costs}"
        )


def watched(page: Page, seconds: float) -> Frames:
    """Watch a page's frames."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = _metrics(session)
    gaps = sorted(page.evaluate(_FRAMES, seconds))
    after = _metrics(session)
    session.detach()
    return Frames(gaps, {name: (after[name] - before[name]) * 1000 / seconds for name in _COSTS})


def _metrics(session: CDPSession) -> dict[str, float]:
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def heap_mb(page: Page) -> float:
    """Megabytes of the page's heap after its garbage was collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"] / MB
    session.detach()
    return used

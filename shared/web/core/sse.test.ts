import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StreamState, follow } from './sse';

/** A document that can be hidden, and a server that holds every stream open until it is let go. */
class World {
  readonly asked: string[] = []; // Last-Event-ID of each request
  open = 0;
  private readonly sight = Object.assign(new EventTarget(), { visibilityState: 'visible' });

  constructor(visible = true) {
    this.sight.visibilityState = visible ? 'visible' : 'hidden';
    Object.assign(globalThis, { document: this.sight, fetch: this.fetch });
  }

  show(visible: boolean): void {
    this.sight.visibilityState = visible ? 'visible' : 'hidden';
    this.sight.dispatchEvent(new Event('visibilitychange'));
  }

  private readonly fetch = async (_url: string, { signal, headers }: { signal: AbortSignal; headers: Record<string, string> }): Promise<Response> => {
    signal.throwIfAborted();
    this.asked.push(headers['Last-Event-ID'] ?? '');
    this.open += 1;
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(new TextEncoder().encode(`id: ${this.asked.length}\ndata: x\n\n`));
        signal.addEventListener('abort', () => {
          this.open -= 1;
          stream.error(signal.reason);
        });
      },
    });
    return new Response(body);
  };
}

async function until(look: () => boolean): Promise<void> {
  for (let n = 0; n < 400 && !look(); n += 1) await new Promise((ok) => setTimeout(ok, 5));
  assert.ok(look(), String(look));
}

test('a hidden page lets its stream go, and goes on where it was when it is seen', async () => {
  const world = new World();
  const states: StreamState[] = [];
  const heard: string[] = [];
  const end = follow({ url: '/stream', rests: true, restAfterMs: 20, onEvent: (event) => heard.push(event.id), onState: (state) => states.push(state) });
  await until(() => heard.length === 1);
  world.show(false);
  await until(() => world.open === 0);
  await new Promise((ok) => setTimeout(ok, 60));
  assert.equal(world.asked.length, 1); // it rests, and does not ask again
  assert.equal(states.at(-1), 'connecting'); // nothing is lost
  world.show(true);
  await until(() => heard.length === 2);
  assert.deepEqual(world.asked, ['', '1']);
  assert.ok(!states.includes('lost'));
  end();
  await until(() => world.open === 0);
});

test('a page that is hidden for a moment keeps its stream, and one that never rests too', async () => {
  for (const [rests, ms] of [[true, 10_000], [false, 1]] as const) {
    const world = new World();
    const end = follow({ url: '/stream', rests, restAfterMs: ms, onEvent: () => undefined });
    await until(() => world.open === 1);
    world.show(false);
    await new Promise((ok) => setTimeout(ok, 40));
    world.show(true);
    assert.equal(world.open, 1);
    assert.equal(world.asked.length, 1);
    end();
    await until(() => world.open === 0);
  }
});

test('what ends while the page rests stays ended', async () => {
  const world = new World();
  const end = follow({ url: '/stream', rests: true, restAfterMs: 5, onEvent: () => undefined });
  await until(() => world.open === 1);
  world.show(false);
  await until(() => world.open === 0);
  end();
  world.show(true);
  await new Promise((ok) => setTimeout(ok, 40));
  assert.equal(world.asked.length, 1);
});

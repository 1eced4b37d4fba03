/** What a recipient will get, shown before a leader agrees: the package's own page, in a frame of ours.

 The server makes it with the functions that make the package. It lives in a shadow root, so that its
 style and ours leave one another alone; its files are fetched with the token. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Failed, Loading } from '@web/ui/kit';
import { authed, blobOf } from './session';

interface Preview {
  style: string;
  html: string;
  files: { file: string; kind: string; href: string }[];
}

const FRAME = `
:host { display: block; }
.scroll { max-height: inherit; overflow: auto; background: #fff; color-scheme: light; }
.sheet { min-height: 100%; }
`;

export function DisclosurePreview({ path }: { path: string }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [ready, setReady] = useState(false);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const made: string[] = [];
    let ended = false;
    setError(null);
    const show = async (): Promise<void> => {
      const { data } = await authed<Preview>(path);
      const page = await filled(data, made);
      if (ended || !host.current) return;
      draw(host.current, page, data.style);
      setReady(true);
    };
    show().catch((problem: unknown) => !ended && setError(problem));
    return () => {
      ended = true;
      for (const url of made) URL.revokeObjectURL(url);
    };
  }, [path, turn]);
  return (
    <figure class="preview" data-preview={ready ? 'ready' : 'loading'}>
      <figcaption class="hint">{t('disclosure.preview_hint')}</figcaption>
      {error !== null && <Failed error={error} onRetry={() => setTurn(turn + 1)} />}
      {error === null && !ready && <Loading rows={3} />}
      <div class="paper" ref={host} role="document" aria-label={t('disclosure.preview')} hidden={!ready} />
    </figure>
  );
}

/** The page with its pictures and sounds in place; a template loads nothing by itself. */
async function filled(preview: Preview, made: string[]): Promise<DocumentFragment> {
  const template = document.createElement('template');
  template.innerHTML = preview.html;
  const page = template.content;
  for (const { file, href } of preview.files) {
    const url = await blobOf(href);
    made.push(url);
    page.querySelectorAll<HTMLImageElement>(`img[src="${CSS.escape(file)}"]`).forEach((each) => {
      each.src = url;
      each.alt = file; // the recipient's page names it in the line below
    });
    page.querySelectorAll<HTMLAnchorElement>(`a[href="${CSS.escape(file)}"]`).forEach((each) => {
      each.replaceWith(player(url, file));
    });
  }
  return page;
}

function player(url: string, file: string): HTMLAudioElement {
  const sound = Object.assign(document.createElement('audio'), { controls: true, src: url });
  sound.setAttribute('aria-label', file);
  return sound;
}

function draw(host: HTMLElement, page: DocumentFragment, style: string): void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const [theirs, ours] = [new CSSStyleSheet(), new CSSStyleSheet()];
  theirs.replaceSync(style);
  ours.replaceSync(FRAME);
  root.adoptedStyleSheets = [theirs, ours];
  const scroll = Object.assign(document.createElement('div'), { className: 'scroll', tabIndex: 0 });
  scroll.append(page);
  root.replaceChildren(scroll);
}

/** What the server put into the shell: addresses, never a secret. */
export interface Config {
  notify: string; // origin of notify, for live updates
  intake: string; // origin of intake, when the page is notify's
  tiles: string; // raster tiles of the operator's choice; empty: only our own ground
}

export function readConfig(): Config {
  const text = typeof document === 'undefined' ? '' : (document.getElementById('config')?.textContent ?? '');
  const given = text ? (JSON.parse(text) as Partial<Config>) : {};
  return { notify: given.notify ?? '', intake: given.intake ?? '', tiles: given.tiles ?? '' };
}

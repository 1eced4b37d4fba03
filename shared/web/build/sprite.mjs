// One SVG file with every icon that icons.json names (Tabler, MIT) and our own pictograms.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function sprite(root) {
  const names = JSON.parse(readFileSync(join(root, 'shared/web/icons/icons.json'), 'utf8'));
  const symbols = names.map((name) => {
    const svg = readFileSync(join(root, 'node_modules/@tabler/icons/icons/outline', `${name}.svg`), 'utf8');
    const inside = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).replace(/\s*\n\s*/g, '').replace('<path stroke="none" d="M0 0h24v24H0z" fill="none"/>', '');
    return `<symbol id="${name}" viewBox="0 0 24 24">${inside}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
}

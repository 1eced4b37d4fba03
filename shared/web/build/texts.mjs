// The words of the pages: shared/web/i18n/<language>.json and <page folder>/i18n/<language>.json.
// A key that one language lacks, or that a page asks for and nobody wrote, ends the build.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {});

export function mergedTexts(root, service, folder, languages) {
  const merged = {};
  for (const language of languages) {
    merged[language] = {
      ...read(join(root, 'shared/web/i18n', `${language}.json`)),
      ...read(join(root, 'services', service, 'web', folder, 'i18n', `${language}.json`)),
    };
  }
  return merged;
}

export function checkTexts(root, languages) {
  const wrong = [];
  for (const page of pagesOf(root)) wrong.push(...missing(root, page, languages));
  if (wrong.length) {
    console.error(`texts:\n  ${[...new Set(wrong)].join('\n  ')}`);
    process.exit(1);
  }
}

function pagesOf(root) {
  const found = [];
  for (const service of readdirSync(join(root, 'services'))) {
    const listed = read(join(root, 'services', service, 'web/pages.json'));
    for (const page of listed.pages ?? []) found.push({ service, name: page.name, folder: dirname(page.entry) });
  }
  return found;
}

function missing(root, page, languages) {
  const texts = mergedTexts(root, page.service, page.folder, languages);
  const all = new Set(languages.flatMap((each) => Object.keys(texts[each])));
  const wrong = [];
  for (const language of languages) {
    for (const key of all) if (!(key in texts[language])) wrong.push(`${page.name}: ${language} lacks ${key}`);
  }
  for (const [file, key, open] of asked(root, page)) {
    const there = open ? [...all].some((each) => each.startsWith(key)) : all.has(key) || all.has(`${key}.other`);
    if (!there) wrong.push(`${page.name}: ${file} asks for ${key}${open ? '…' : ''}, which nobody wrote`);
  }
  for (const key of all) {
    const holes = languages.map((each) => [...(texts[each][key] ?? '').matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join());
    if (new Set(holes).size > 1) wrong.push(`${page.name}: ${key} has different holes: ${holes.join(' / ')}`);
  }
  return wrong;
}

// t('key'), t(`prefix.${x}`): the second form needs at least one key with that prefix.
function* asked(root, page) {
  const folders = [join(root, 'services', page.service, 'web', page.folder), join(root, 'shared/web')];
  for (const folder of folders) {
    for (const file of sources(folder)) {
      const text = readFileSync(file, 'utf8');
      for (const m of text.matchAll(/\bt\(\s*(?:'([^']+)'|`([^`$]*)(\$\{)?)/g)) {
        yield [file.slice(root.length + 1), m[1] ?? m[2], Boolean(m[3])];
      }
    }
  }
}

function* sources(folder) {
  for (const each of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, each.name);
    if (each.isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(each.name) && !/\.test\.ts$/.test(each.name)) yield path;
  }
}

// Builds the pages of every service into services/<name>/static: hashed files, .br and .gz beside
// them, a shell per page and language, manifest.json and licenses.txt. Old hashed files stay for a
// while, since a page that is open when a new build arrives still asks for them.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { checkTexts, mergedTexts } from './texts.mjs';
import { sprite } from './sprite.mjs';
import { appIcons } from './appicons.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const OLD_MS = 30 * 86_400_000;
const LANGUAGES = ['vi', 'en'];
const COMPRESSED = /\.(js|css|json|geojson|svg|txt|webmanifest|map)$/;

const hash = (bytes) => createHash('sha256').update(bytes).digest('base64url').replace(/[-_]/g, 'X').slice(0, 8).toUpperCase();

function put(out, name, bytes) {
  writeFileSync(join(out, name), bytes);
  if (COMPRESSED.test(name)) {
    writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
  }
}

function putHashed(out, name, bytes) {
  const dot = name.lastIndexOf('.');
  const hashed = `${name.slice(0, dot)}-${hash(bytes)}${name.slice(dot)}`;
  put(out, hashed, bytes);
  return hashed;
}

const shared = {
  bundle: true,
  minify: true,
  target: 'es2020',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  alias: { '@web': join(ROOT, 'shared/web') },
  absWorkingDir: ROOT,
  logLevel: 'warning',
  legalComments: 'none',
  metafile: true,
  loader: { '.geojson': 'json', '.png': 'dataurl' },
};

async function buildService(service) {
  const web = join(ROOT, 'services', service, 'web');
  const out = join(ROOT, 'services', service, 'static');
  const listed = JSON.parse(readFileSync(join(web, 'pages.json'), 'utf8'));
  mkdirSync(out, { recursive: true });
  if (!listed.pages.length) return put(out, 'manifest.json', Buffer.from('{}'));
  const texts = textFiles(service, listed.pages);
  const files = new Set();
  const metas = [];
  const keep = (name) => (files.add(name), name);

  const icons = keep(putHashed(out, 'icons.svg', Buffer.from(sprite(ROOT))));
  const ground = keep(putHashed(out, 'ground.geojson', readFileSync(join(ROOT, 'shared/regulations/dalat-schematic.geojson'))));
  const mapCss = keep(await buildStyles(web, out, { name: 'map' }, [join(ROOT, 'node_modules/leaflet/dist/leaflet.css'), join(ROOT, 'shared/web/map/map.css')]));
  const aside = await buildAside(web, out, listed.aside ?? {}, keep);
  const define = { ICONS: JSON.stringify(`/static/${icons}`), MAP_CSS: JSON.stringify(`/static/${mapCss}`), GROUND: JSON.stringify(`/static/${ground}`), ...aside };
  const metaOf = {};
  for (const page of listed.pages) {
    const built = await buildPage(web, out, page, { define, plugins: [textsPlugin(texts), firstView(join(web, page.entry))] });
    metas.push((metaOf[page.name] = built.metafile));
    for (const file of built.outputFiles) put(out, keep(basename(file.path)), Buffer.from(file.contents));
  }

  const styles = {};
  for (const page of listed.pages) {
    styles[page.name] = keep(await buildStyles(web, out, page));
  }
  appIcons(out, (file, bytes) => (put(out, file, bytes), keep(file)));
  if (listed.webmanifest) put(out, 'app.webmanifest', readFileSync(join(web, listed.webmanifest)));
  put(out, 'licenses.txt', Buffer.from(licences(metas)));

  const manifest = { pages: {}, files: [...files].sort() };
  for (const page of listed.pages) manifest.pages[page.name] = shells(out, page, metaOf[page.name], styles[page.name], { icons, ground, aside, texts: texts[page.name] });
  const build = hash(Buffer.from(JSON.stringify(manifest)));
  for (const page of listed.pages) {
    for (const language of LANGUAGES) {
      const path = join(out, `${page.name}.${language}.html`);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('{build}', build));
    }
  }
  put(out, 'manifest.json', Buffer.from(JSON.stringify({ build, ...manifest }, null, 1)));
  for (const worker of listed.workers ?? []) await buildWorker(web, out, worker, { build, manifest, mapCss });
  forget(out, files);
  report(service, out, manifest);
}

// One build for each page: who reports carries nothing of the desk.
function buildPage(web, out, page, more) {
  return esbuild.build({
    ...shared,
    entryPoints: [{ in: join(web, page.entry), out: page.name }],
    outdir: out,
    splitting: true,
    format: 'esm',
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    assetNames: '[name]-[hash]',
    write: false,
    ...more,
  });
}

// What is loaded later imports the entry once more, which changes nothing when it runs. But for
// esbuild everything of the first view now belongs together: one file instead of eighteen, each of
// which cost a slow phone a round trip.
function firstView(entry) {
  const later = new Set();
  return {
    name: 'first-view',
    setup(build) {
      build.onResolve({ filter: /./ }, async (args) => {
        if (args.kind !== 'dynamic-import' || args.pluginData === later) return undefined;
        const found = await build.resolve(args.path, { kind: args.kind, importer: args.importer, resolveDir: args.resolveDir, pluginData: later });
        if (found.namespace === 'file') later.add(found.path);
        return found;
      });
      build.onLoad({ filter: /\.tsx?$/ }, (args) => {
        if (!later.has(args.path)) return undefined;
        return { contents: `${readFileSync(args.path, 'utf8')}\nimport ${JSON.stringify(entry)};\n`, loader: args.path.endsWith('x') ? 'tsx' : 'ts' };
      });
    },
  };
}

function textFiles(service, pages) {
  const found = {};
  for (const page of pages) {
    const folder = dirname(page.entry);
    found[page.name] = mergedTexts(ROOT, service, folder, LANGUAGES);
  }
  return found;
}

// `import texts from 'texts:public/vi'`: the common words and those of one page, merged.
function textsPlugin(texts) {
  return {
    name: 'texts',
    setup(build) {
      build.onResolve({ filter: /^texts:/ }, (args) => ({ path: args.path.slice(6), namespace: 'texts' }));
      build.onLoad({ filter: /.*/, namespace: 'texts' }, (args) => {
        const [page, language] = args.path.split('/');
        if (!texts[page]?.[language]) return { errors: [{ text: `no texts for ${args.path}` }] };
        return { contents: JSON.stringify(texts[page][language]), loader: 'json' };
      });
    },
  };
}

async function buildStyles(web, out, page, given) {
  const sources = given ?? [join(ROOT, 'shared/web/tokens.css'), join(ROOT, 'shared/web/base.css'), ...(page.styles ?? []).map((each) => join(web, each))];
  const joined = await esbuild.build({
    ...shared,
    stdin: { contents: `${sources.map((each) => `@import ${JSON.stringify(each)};`).join('\n')}\n${given ? '' : chosenDark()}`, loader: 'css', resolveDir: ROOT },
    write: false,
    outdir: out,
  });
  return putHashed(out, `${page.name}.css`, Buffer.from(joined.outputFiles[0].contents));
}

// The dark tokens once more, for people who chose dark on a device that is light.
function chosenDark() {
  const [, dark] = /prefers-color-scheme: dark\) \{\s*:root[^{]*\{([^}]*)\}/.exec(readFileSync(join(ROOT, 'shared/web/tokens.css'), 'utf8'));
  return `:root[data-theme="dark"] { color-scheme: dark; ${dark} } :root[data-theme="light"] { color-scheme: light; }`;
}

// Workers of a page itself: a hashed file each, its address in the constant that pages.json names.
async function buildAside(web, out, listed, keep) {
  const found = {};
  for (const [name, entry] of Object.entries(listed)) {
    const built = await esbuild.build({ ...shared, entryPoints: [join(web, entry)], format: 'iife', write: false });
    const file = keep(putHashed(out, `${basename(entry, '.ts')}.js`, Buffer.from(built.outputFiles[0].contents)));
    found[name] = JSON.stringify(`/static/${file}`);
  }
  return found;
}

async function buildWorker(web, out, worker, { build, manifest, mapCss }) {
  // what its own page needs without a network; the map is larger, and comes when the page is idle
  const kept = manifest.pages[worker.page];
  const built = await esbuild.build({
    ...shared,
    entryPoints: [join(web, worker.entry)],
    format: 'iife',
    write: false,
    define: { BUILD: JSON.stringify(build), PRECACHE: JSON.stringify(urls(kept.offline)), WARM: JSON.stringify(urls([...kept.map, mapCss])) },
  });
  put(out, worker.name, Buffer.from(built.outputFiles[0].contents));
}

const urls = (names) => [...new Set(names)].sort().map((each) => `/static/${each}`);

function shells(out, page, metafile, css, { icons, ground, aside, texts }) {
  const entryName = outputsOf(metafile).find(([, meta]) => meta.entryPoint?.endsWith(page.entry));
  const entry = basename(entryName[0]);
  const first = staticImports(metafile, entryName[0]);
  const lazy = outputsOf(metafile).map(([name]) => basename(name)).filter((each) => each.endsWith('.js'));
  const lazyMap = new Set(outputsOf(metafile).filter(([, meta]) => Object.keys(meta.inputs).some((i) => i.includes('leaflet') || i.includes('supercluster'))).map(([name]) => basename(name)));
  for (const language of LANGUAGES) {
    // the words are asked for by name: they come beside the program, not after it has run
    const words = outputsOf(metafile).filter(([, meta]) => `texts:${page.name}/${language}` in meta.inputs).map(([name]) => basename(name));
    const title = page.title[language];
    const html = `<!doctype html>
<html lang="${language}" data-page="${page.name}" data-build="{build}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#1A5C41" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#0E1814" media="(prefers-color-scheme: dark)">
<meta name="format-detection" content="telephone=no">
<meta name="description" content="${page.description?.[language] ?? title}">
<title>${title}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/static/icon-180.png">
${(page.head ?? []).join('\n')}
<link rel="stylesheet" href="/static/${css}">
${[...first, ...words].map((each) => `<link rel="modulepreload" href="/static/${each}">`).join('\n')}
<script type="module" src="/static/${entry}"></script>
</head>
<body>
<!--config-->
${page.emergency ? emergency(texts[language]) : ''}<div id="app">${waiting(language)}</div>
</body>
</html>
`;
    writeFileSync(join(out, `${page.name}.${language}.html`), html);
  }
  return { entry, css, icons, first: [entry, ...first, css, icons], offline: [...new Set([entry, css, icons, ground, 'icon.svg', ...Object.values(aside).map((each) => basename(JSON.parse(each))), ...lazy.filter((each) => !lazyMap.has(each))])], map: [...lazyMap] };
}

const outputsOf = (metafile) => Object.entries(metafile.outputs);

function staticImports(metafile, name, seen = new Set()) {
  for (const each of metafile.outputs[name].imports) {
    if (each.kind === 'import-statement' && !seen.has(each.path)) {
      seen.add(each.path);
      staticImports(metafile, each.path, seen);
    }
  }
  return [...seen].map((each) => basename(each));
}

// There before the program runs, and without it; the program changes the words with the language.
function emergency(texts) {
  const words = (key) => `data-words="${key}">${texts[key]}`;
  const links = [113, 114, 115].map((number) => `<a href="tel:${number}"><b>${number}</b> <span ${words(`emergency.${number}`)}</span></a>`);
  return `<aside id="emergency" aria-labelledby="emergency-words"><span class="words" id="emergency-words" ${words('emergency.call')}</span>${links.join('')}</aside>\n`;
}

function waiting(language) {
  return language === 'vi'
    ? '<noscript><main class="page"><h1>Đà Lạt trực tuyến</h1><p>Trang này cần JavaScript. Bạn vẫn có thể phản ánh qua tổng đài <a href="tel:1022">1022</a> hoặc trực tiếp tại bộ phận một cửa, 02 Trần Nhân Tông, Đà Lạt.</p></main></noscript>'
    : '<noscript><main class="page"><h1>Đà Lạt Online</h1><p>This page needs JavaScript. You can still report by phone, <a href="tel:1022">1022</a>, or at the one-stop counter, 02 Trần Nhân Tông, Đà Lạt.</p></main></noscript>';
}

// Every package that is inside what we serve, with its licence as its author wrote it.
function licences(metas) {
  const packages = new Map();
  for (const meta of metas) {
    for (const input of Object.keys(meta.inputs)) {
      const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found) packages.set(found[1], join(ROOT, 'node_modules', found[1]));
    }
  }
  packages.set('@tabler/icons', join(ROOT, 'node_modules/@tabler/icons'));
  return [...packages].sort().map(([name, folder]) => {
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name} ${about.version} (${about.license})\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}`;
  }).join(`\n${'-'.repeat(78)}\n`);
}

// Hashed files of earlier builds stay thirty days for the pages that are still open.
function forget(out, files) {
  for (const name of readdirSync(out)) {
    const plain = name.replace(/\.(br|gz)$/, '');
    if (/-[A-Z0-9]{8}\./.test(plain) && !files.has(plain) && Date.now() - statSync(join(out, name)).mtimeMs > OLD_MS) rmSync(join(out, name));
  }
}

function report(service, out, manifest) {
  for (const [name, page] of Object.entries(manifest.pages)) {
    const bytes = page.first.map((each) => statSync(join(out, existsSync(join(out, `${each}.br`)) ? `${each}.br` : each)).size);
    console.log(`${service}/${name}: first files ${(bytes.reduce((a, b) => a + b, 0) / 1000).toFixed(1)} kB (br)`);
  }
}

checkTexts(ROOT, LANGUAGES);
for (const service of readdirSync(join(ROOT, 'services')).filter((each) => existsSync(join(ROOT, 'services', each, 'web/pages.json')))) await buildService(service);

// Runs every *.test.ts of the pages with node's own test runner. esbuild turns them into plain
// modules first, since node 20 reads no TypeScript.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import * as esbuild from 'esbuild';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

function* tests(folder) {
  for (const each of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, each.name);
    if (each.isDirectory() && !['static', 'node_modules', '__pycache__'].includes(each.name)) yield* tests(path);
    else if (each.name.endsWith('.test.ts')) yield path;
  }
}

const out = mkdtempSync(join(tmpdir(), 'pages-tests-'));
try {
  const found = ['shared/web', 'services/intake/web', 'services/notify/web'].flatMap((each) => [...tests(join(ROOT, each))]);
  await esbuild.build({
    entryPoints: found,
    outdir: out,
    outbase: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    loader: { '.geojson': 'json' },
    alias: { '@web': join(ROOT, 'shared/web') },
    logLevel: 'warning',
  });
  const files = found.map((each) => join(out, each.slice(ROOT.length).replace(/\.ts$/, '.mjs')));
  process.exitCode = spawnSync('node', ['--test', ...files], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}

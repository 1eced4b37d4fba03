// What `./dev check` asks of the pages: no key without words, and the tests of the pure logic.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkTexts } from './texts.mjs';

checkTexts(join(dirname(fileURLToPath(import.meta.url)), '../../..'), ['vi', 'en']);
await import('./test.mjs');

// A headless Chromium that came by npm, with the libraries and the typeface it needs: nothing of the machine's but its C library.
// CHROME_PATH names another one, for processors that the package has no build for.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflate } from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

interface Unpacked {
  readonly executable: string;
  readonly environment: Readonly<Record<string, string>>;
}

export async function launchChromium(): Promise<Browser> {
  const named = process.env['CHROME_PATH'];
  const { executable, environment } = named === undefined ? await unpack() : { executable: named, environment: {} };
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none', '--hide-scrollbars'];
  return chromium.launch({ executablePath: executable, args, env: { ...process.env, ...environment } });
}

async function unpack(): Promise<Unpacked> {
  const manifest = createRequire(import.meta.url).resolve('@sparticuz/chromium').replace(/build\/.*$/, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const folder = join(tmpdir(), `mentorship-chromium-${version}`);
  if (!existsSync(folder)) await unpackInto(folder, join(dirname(manifest), 'bin'));
  const environment = { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  return { executable: join(folder, 'chromium'), environment };
}

/** Beside its place, then moved there whole: two test files may come at once. */
async function unpackInto(folder: string, packed: string): Promise<void> {
  const beside = mkdtempSync(`${folder}-`);
  await inflateInto(beside, ['chromium.br', 'fonts.tar.br', 'al2023.tar.br'].map((name) => join(packed, name)));
  const fonts = ['/usr/share/fonts', join(folder, 'fonts')].map((path) => `<dir>${path}</dir>`).join('');
  mkdirSync(join(beside, 'font-cache'));
  writeFileSync(join(beside, 'fonts.conf'), `<fontconfig>${fonts}<cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>\n`);
  try {
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/** The package knows no other place than the one for temporary files. */
async function inflateInto(folder: string, files: readonly string[]): Promise<void> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    await Promise.all(files.map((file) => inflate(file)));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

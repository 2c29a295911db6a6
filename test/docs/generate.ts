// Writes the generated parts of the documentation, or with --check fails when they differ from their source.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpReference } from '../../http/reference.ts';
import { applicationMachine } from '../../machines/application.ts';
import { mermaidOf } from '../../machines/diagram.ts';
import { importMachine } from '../../machines/import.ts';
import { matchingMachine } from '../../machines/matching.ts';
import { serviceVariables } from '../../runtime/config/env.ts';
import { meanings } from './variables.ts';
import { statechartsJson } from './statecharts.ts';

const root = join(import.meta.dirname, '..', '..');

/** Text between `<!-- generated:<name> -->` and `<!-- /generated -->`, by file and name. */
const parts: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'README.md': { lifecycle: () => mermaid(mermaidOf(matchingMachine)) },
  'docs/lifecycle.md': {
    lifecycle: () => mermaid(mermaidOf(matchingMachine)),
    application: () => mermaid(mermaidOf(applicationMachine)),
    import: () => mermaid(mermaidOf(importMachine)),
  },
  'docs/http.md': { endpoints: httpReference },
  'docs/operations/configuration.md': { variables: variableTable },
};

/** Files that are generated whole. */
const wholeFiles: Readonly<Record<string, () => Promise<string>>> = {
  'http/inspector/statecharts.json': statechartsJson,
};

function mermaid(text: string): string {
  return `\`\`\`mermaid\n${text}\`\`\`\n`;
}

function variableTable(): string {
  const rows = Object.entries(serviceVariables).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined);
    const isDuration = schema.safeParse('1h').success && !schema.safeParse('a text').success;
    return `| \`${name}\` | ${fallback.success ? defaultText(fallback.data, isDuration) : 'required'} | ${meanings[name as keyof typeof serviceVariables]} |`;
  });
  return ['| variable | default | |', '|---|---|---|', ...rows, ''].join('\n');
}

function defaultText(value: string | number | boolean | object | undefined, isDuration: boolean): string {
  if (value === undefined || typeof value === 'object') return '-';
  return `\`${typeof value === 'number' && isDuration ? durationText(value) : value}\``;
}

function durationText(value: number): string {
  const units = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const;
  const unit = units.find(([, ms]) => value >= ms && value % ms === 0);
  return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`;
}

function rendered(file: string, text: string): string {
  return Object.entries(parts[file] ?? {}).reduce((written, [name, source]) => {
    const block = new RegExp(`(<!-- generated:${name} -->\\n)[\\s\\S]*?(<!-- /generated -->)`);
    if (!block.test(written)) throw new Error(`${file} has no part generated:${name}`);
    return written.replace(block, (_all, open: string, close: string) => `${open}\n${source()}\n${close}`);
  }, text);
}

interface Document {
  readonly file: string;
  readonly text: string;
}

/** Files that differ from their source, with the text they ought to have. */
async function differing(): Promise<Document[]> {
  const partly = Object.keys(parts).map((file) => ({ file, text: rendered(file, readFileSync(join(root, file), 'utf8')) }));
  const wholly = await Promise.all(Object.entries(wholeFiles).map(async ([file, source]) => ({ file, text: await source() })));
  return [...partly, ...wholly].filter(({ file, text }) => !existsSync(join(root, file)) || readFileSync(join(root, file), 'utf8') !== text);
}

export async function staleDocuments(): Promise<string[]> {
  return (await differing()).map(({ file }) => file);
}

async function main(): Promise<void> {
  const stale = await differing();
  if (process.argv.includes('--check')) {
    for (const { file } of stale) console.error(`${file} is stale: run npm run docs`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const { file, text } of stale) {
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
}

if (import.meta.main) await main();

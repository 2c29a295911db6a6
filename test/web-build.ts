// Vitest's global setup: the pages under test are built from the sources as they are now.
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const web = join(root, 'http/web');

export function setup(): void {
  const builtAt = times('dist/*/index.html');
  const changedAt = times('{*.ts,!(dist)/**/*.{ts,tsx,css,html,svg}}');
  if (builtAt.length > 0 && Math.min(...builtAt) > Math.max(...changedAt)) return;
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`npm run build failed: ${built.stderr}${built.stdout}`);
}

function times(pattern: string): number[] {
  return globSync(pattern, { cwd: web }).map((file) => statSync(join(web, file)).mtimeMs);
}

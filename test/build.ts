// Vitest's global setup: the pages and the bundle under test are built from the sources as they are now.
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SchedulerOptions } from '../jobs/scheduler.ts';

const root = join(import.meta.dirname, '..');
const pages = { made: 'http/web/dist/*/index.html', from: 'http/web/{*.ts,!(dist)/**/*.{ts,tsx,css,html,svg}}' };
const bundle = { made: 'dist/{main,cli,thread,checkpoint-thread}.mjs', from: '{vite.config.ts,{machines,runtime,jobs,http}/**/*.{ts,mjs,json}}' };

export function setup(): void {
  if ([pages, bundle].every(isUpToDate)) return;
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`npm run build failed: ${built.stderr}${built.stdout}`);
}

/** Jobs' threads from the bundle, as in production, which start in half the time; from the sources where those are newer. */
export function bundledThreads(): SchedulerOptions {
  return isUpToDate(bundle) ? { threadFile: join(root, 'dist/thread.mjs') } : {};
}

function isUpToDate({ made, from }: typeof pages): boolean {
  const [madeAt, changedAt] = [times(made), times(from)];
  return madeAt.length > 0 && Math.min(...madeAt) > Math.max(...changedAt);
}

function times(pattern: string): number[] {
  return globSync(pattern, { cwd: root, exclude: ['http/web/**/*.{ts,tsx}'] }).map((file) => statSync(join(root, file)).mtimeMs);
}

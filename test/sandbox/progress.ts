// Live progress of the demo: a bar per stage in a terminal, otherwise a line whenever something has changed.
import cliProgress from 'cli-progress';
import { statuses } from '../../machines/status.ts';
import type { Funnel } from './funnel.ts';

export interface Progress {
  /** `day`: programme days since the demo started. */
  show(funnel: Funnel, day: number): void;
  stop(): void;
}

const stageWidth = Math.max(...statuses.map((status) => status.length));

export function startProgress(stream: NodeJS.WriteStream, drivers: number): Progress {
  return stream.isTTY ? bars(stream, drivers) : lines(stream);
}

function bars(stream: NodeJS.WriteStream, drivers: number): Progress {
  const format = '  {stage} {bar} {value}/{total}  day {day}';
  const options = { format, stream, hideCursor: true, barsize: 30, emptyOnZero: true, gracefulExit: false };
  const all = new cliProgress.MultiBar(options, cliProgress.Presets.shades_classic);
  const started = statuses.map((status) => ({ status, bar: all.create(drivers, 0, { stage: status.padEnd(stageWidth), day: '0.0' }) }));
  return {
    show: ({ reached }, day) => {
      for (const { status, bar } of started) {
        bar.setTotal(Math.max(drivers, reached.created));
        bar.update(reached[status], { day: day.toFixed(1) });
      }
    },
    stop: () => all.stop(),
  };
}

function lines(stream: NodeJS.WritableStream): Progress {
  let last = '';
  return {
    show: ({ reached }, day) => {
      const counts = statuses.map((status) => `${status} ${reached[status]}`).join('  ');
      if (counts !== last) stream.write(`day ${day.toFixed(1).padStart(5)}  ${counts}\n`);
      last = counts;
    },
    stop: () => {},
  };
}

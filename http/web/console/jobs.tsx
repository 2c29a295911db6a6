// The jobs: how they run here, how they ran before, and running one by hand, tried first.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Api } from '../shared/api.ts';
import { useApi, useResource } from '../shared/api-context.ts';
import { countText, durationText } from '../shared/format.ts';
import { Badge, Card, Failure, Loading, Scroll, Time, type Tone } from '../shared/ui.tsx';
import { JobResult } from './job-result.tsx';
import { OperatorFields } from './operator-fields.tsx';
import { RunsChart, runText } from './runs-chart.tsx';
import { usePages } from './pages.ts';
import type { Job, JobReply, JobRun, Jobs } from './wire.ts';

const everyMs = 1_500;

export function JobsView(): JSX.Element {
  const { data, error, refresh } = useResource<Jobs>('/admin/v1/jobs', everyMs);
  return (
    <div class="stack">
      <h1>Jobs</h1>
      <Failure error={error} />
      {data === null && error === null ? <Loading lines={8} /> : null}
      {data?.enabled === false ? <p class="note warn">This instance schedules no jobs; another one may.</p> : null}
      <div class="cards">{data?.jobs.map((job) => <JobCard key={job.name} job={job} onRun={refresh} />)}</div>
      <Runs />
    </div>
  );
}

export function outcomeTone(outcome: string): Tone {
  return ({ succeeded: 'good', failed: 'bad', running: 'info' } as Readonly<Record<string, Tone>>)[outcome] ?? 'warn';
}

function JobCard({ job, onRun }: { readonly job: Job; readonly onRun: () => void }): JSX.Element {
  const { name, every_ms: period, here, last_run: last } = job;
  const isRunning = here?.state === 'running';
  return (
    <Card title={name} tools={isRunning ? <Badge tone="info">running</Badge> : last === null ? <Badge>never ran</Badge> : <Badge tone={outcomeTone(last.outcome)}>{last.outcome}</Badge>}>
      <div class="stack tight">
        <p class="muted small">every {durationText(period)} · last {last === null ? '–' : <Time at={last.finished_at ?? last.started_at} />}{last?.dry_run ? ' · dry run' : ''}</p>
        <Progress job={job} />
        {last?.error ? <p class="note bad small break">{last.error}</p> : null}
        <RunsChart job={name} />
        <RunForm job={name} onRun={onRun} />
      </div>
    </Card>
  );
}

/** How far the present run is, against the rows of the last one: nobody knows the end before it is reached. */
function Progress({ job: { name, here, last_run: last } }: { readonly job: Job }): JSX.Element {
  const rows = here?.rows ?? 0;
  const expected = last?.counts['rows'] ?? 0;
  const isRunning = here?.state === 'running';
  const share = isRunning ? (expected === 0 ? null : Math.min(0.97, rows / expected)) : here === null ? 0 : 1;
  const text = here === null ? 'not run by this instance' : `${countText(rows)} rows · ${countText(here.rows_per_second)} rows/s`;
  return (
    <div>
      <progress class={isRunning ? 'progress' : 'progress over'} aria-label={`Progress of ${name}`} max={1} {...(share === null ? {} : { value: share })} />
      <p class="small muted number">{text}</p>
    </div>
  );
}

function RunForm({ job, onRun }: { readonly job: string; readonly onRun: () => void }): JSX.Element {
  const api = useApi();
  const [reply, setReply] = useState<JobReply | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState<'trying' | 'running' | null>(null);
  const run = async (dryRun: boolean): Promise<void> => {
    setBusy(dryRun ? 'trying' : 'running');
    setError(null);
    try {
      const why = dryRun || reason === '' ? {} : { reason };
      const answer = await api.post<JobReply>(`/admin/v1/jobs/${job}/run${dryRun ? '?dry_run=true' : ''}`, why);
      setReply(dryRun ? await endOfDryRun(api, answer) : answer);
      onRun();
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setBusy(null);
    }
  };
  const wasTried = reply !== null && reply.dry_run;
  return (
    <div class="stack tight">
      <div><button type="button" class="button" disabled={busy !== null} onClick={() => void run(true)}>{busy === 'trying' ? 'Trying…' : 'Dry run'}<span class="visually-hidden"> of {job}</span></button></div>
      <Failure error={error} />
      {reply === null ? null : <JobResult reply={reply} onClose={() => setReply(null)} />}
      {wasTried ? (
        <form class="form" onSubmit={(event) => { event.preventDefault(); void run(false); }}>
          <OperatorFields form={`run-${job}`} reason={reason} onReason={setReason} />
          <div><button type="submit" class="button primary" disabled={busy !== null}>{busy === 'running' ? 'Running…' : `Run ${job} now`}</button></div>
        </form>
      ) : null}
    </div>
  );
}

/** A dry run that took longer than its request goes on, and is read when it is over. */
async function endOfDryRun(api: Api, answer: JobReply): Promise<JobReply> {
  if (answer.outcome !== 'running') return answer;
  await new Promise((resolve) => window.setTimeout(resolve, 1_000));
  return endOfDryRun(api, await api.get<JobReply>(`/admin/v1/jobs/${answer.job}/dry-run`));
}

function Runs(): JSX.Element {
  const list = usePages<{ runs: JobRun[]; next_cursor: string | null }>('/admin/v1/jobs/runs?limit=20', 4_000);
  const runs = list.pages.flatMap((page) => page.runs);
  return (
    <Card title="Last runs" flush>
      <Failure error={list.error} />
      {runs.length === 0 ? (list.isLoading ? <Loading /> : <p class="empty">No job has run yet.</p>) : (
        <Scroll label="Last runs">
          <table class="table">
            <thead><tr><th scope="col">Job</th><th scope="col">Started</th><th scope="col">Outcome</th><th scope="col" class="right">Took</th><th scope="col">Counts</th></tr></thead>
            <tbody>
              {runs.map((run) => (
                <tr key={run.id}>
                  <td class="nowrap">{run.job} {run.dry_run ? <Badge>dry run</Badge> : null}</td>
                  <td><Time at={run.started_at} /></td>
                  <td><Badge tone={outcomeTone(run.outcome)}>{run.outcome}</Badge></td>
                  <td class="right number nowrap">{run.finished_at === null ? '–' : durationText(Date.parse(run.finished_at) - Date.parse(run.started_at))}</td>
                  <td class="small muted">{run.error ?? runText(run)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {list.more === null ? null : <div class="more"><button type="button" class="button" onClick={list.more}>Show more</button></div>}
    </Card>
  );
}

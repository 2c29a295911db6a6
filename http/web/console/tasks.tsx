// Tasks that wait, run or have died, and trying the dead ones again: one, or all of a queue.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useApi } from '../shared/api-context.ts';
import { countText } from '../shared/format.ts';
import { Badge, Card, Empty, Failure, Id, Loading, Scroll, Time } from '../shared/ui.tsx';
import { usePages } from './pages.ts';
import { addressOf } from './route.ts';
import type { Task } from './wire.ts';

const states = ['dead', 'pending', 'running'] as const;
const queues = ['create_application', 'announce'] as const;
const tones = { dead: 'bad', pending: 'warn', running: 'info', done: 'good' } as const;

export function Tasks({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const state = query.get('state') ?? 'dead';
  const queue = query.get('queue') ?? '';
  const list = usePages<{ tasks: Task[]; next_cursor: string | null }>(`/admin/v1/tasks?state=${state}${queue === '' ? '' : `&queue=${queue}`}`, 3_000);
  const rows = list.pages.flatMap(({ tasks }) => tasks);
  const select = (name: string, label: string, value: string, choices: readonly (readonly [string, string])[]): JSX.Element => (
    <div class="field">
      <label for={`tasks-${name}`}>{label}</label>
      <select id={`tasks-${name}`} class="select" value={value} onChange={(event) => { location.hash = addressOf('tasks', { state, queue, [name]: event.currentTarget.value }); }}>
        {choices.map(([choice, text]) => <option key={choice} value={choice}>{text}</option>)}
      </select>
    </div>
  );
  return (
    <div class="stack">
      <h1>Tasks</h1>
      <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
        {select('state', 'State', state, states.map((one) => [one, one] as const))}
        {select('queue', 'Queue', queue, [['', 'any'], ...queues.map((one) => [one, one] as const)])}
        {state === 'dead' && rows.length > 0 ? <RetryAll queue={queue} shown={rows.length} onDone={list.refresh} /> : null}
      </form>
      <Failure error={list.error} />
      <Card title={`${state.slice(0, 1).toUpperCase()}${state.slice(1)} tasks`} flush>
        {list.isLoading && rows.length === 0 ? <Loading /> : null}
        {!list.isLoading && rows.length === 0 ? <Empty title={`No ${state} tasks`}>{state === 'dead' ? 'Everything that was to be done was done.' : 'Nothing here now.'}</Empty> : null}
        {rows.length === 0 ? null : <TaskTable rows={rows} onRetried={list.refresh} />}
        {list.more === null ? null : <div class="more"><button type="button" class="button" onClick={list.more}>Show more</button></div>}
      </Card>
    </div>
  );
}

function TaskTable({ rows, onRetried }: { readonly rows: readonly Task[]; readonly onRetried: () => void }): JSX.Element {
  return (
    <Scroll label="Tasks">
      <table class="table">
        <thead><tr><th scope="col">Queue</th><th scope="col">State</th><th scope="col" class="right">Attempts</th><th scope="col">Matching</th><th scope="col">Last error</th><th scope="col">{rows[0]?.state === 'dead' ? 'Died' : 'Due'}</th><th scope="col"><span class="visually-hidden">Act</span></th></tr></thead>
        <tbody>
          {rows.map((task) => (
            <tr key={task.id}>
              <td class="nowrap" title={task.id}>{task.queue}</td>
              <td><Badge tone={tones[task.state]}>{task.state}</Badge></td>
              <td class="right number">{task.attempt}</td>
              <td><Id id={task.matching_id} href={addressOf(`matchings/${task.matching_id}`)} /></td>
              <td class="error break">{task.last_error ?? <span class="muted">none</span>}</td>
              <td><Time at={task.state === 'dead' ? task.updated_at : task.visible_at} /></td>
              <td class="right">{task.state === 'running' ? null : <Retry task={task} onRetried={onRetried} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Retry({ task, onRetried }: { readonly task: Task; readonly onRetried: () => void }): JSX.Element {
  const api = useApi();
  const [failure, setFailure] = useState<string | null>(null);
  const retry = async (): Promise<void> => {
    try {
      await api.post(`/admin/v1/tasks/${encodeURIComponent(task.id)}/retry`, {});
      onRetried();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void retry()}>Retry<span class="visually-hidden"> {task.id}</span></button>
      {failure === null ? null : <p class="small" role="alert">{failure}</p>}
    </>
  );
}

function RetryAll({ queue, shown, onDone }: { readonly queue: string; readonly shown: number; readonly onDone: () => void }): JSX.Element {
  const api = useApi();
  const [isAsking, setIsAsking] = useState(false);
  const [message, setMessage] = useState<string | null>(null);
  const retry = async (): Promise<void> => {
    setIsAsking(false);
    try {
      let [retried, more] = [0, true];
      while (more) {
        const reply = await api.post<{ retried: number; more: boolean }>(`/admin/v1/tasks/retry${queue === '' ? '' : `?queue=${queue}`}`, {});
        retried += reply.retried;
        // What cannot be retried would be found again for ever.
        more = reply.more && reply.retried > 0;
      }
      setMessage(`${countText(retried)} due again.`);
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    }
    onDone();
  };
  return (
    <div class="act">
      {isAsking
        ? <><span>All dead tasks{queue === '' ? '' : ` of ${queue}`}?</span><button type="button" class="button primary" onClick={() => void retry()}>Yes, retry them</button><button type="button" class="button" onClick={() => setIsAsking(false)}>No</button></>
        : <button type="button" class="button" onClick={() => setIsAsking(true)}>Retry all{shown > 1 ? '' : ' (1)'}</button>}
      {message === null ? null : <span role="status">{message}</span>}
    </div>
  );
}

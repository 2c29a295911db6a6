// What a run came to; of a dry run, what it would change.
import type { JSX } from 'preact';
import { countText } from '../shared/format.ts';
import { Badge, Id, Scroll, StatusName } from '../shared/ui.tsx';
import { addressOf } from './route.ts';
import type { JobReply } from './wire.ts';

export function JobResult({ reply, onClose }: { readonly reply: JobReply; readonly onClose: () => void }): JSX.Element {
  const what = reply.dry_run ? 'Dry run' : 'Run';
  return (
    <section class="result" aria-label={`${what} of ${reply.job}`} role="status">
      <div class="spread">
        <strong>{what}: {reply.outcome}</strong>
        <button type="button" class="button quiet" onClick={onClose}>Close<span class="visually-hidden"> the result of {reply.job}</span></button>
      </div>
      {'counts' in reply ? <Finished reply={reply} /> : <p>It goes on; its end shows among the last runs.</p>}
    </section>
  );
}

function Finished({ reply }: { readonly reply: Extract<JobReply, { counts: unknown }> }): JSX.Element {
  const { counts, error, changes } = reply;
  return (
    <>
      {error === null ? null : <p class="note bad break">{error}</p>}
      <ul class="chips">{Object.entries(counts).map(([name, count]) => <li key={name}><Badge>{name.replaceAll('_', ' ')} <span class="number">{countText(count)}</span></Badge></li>)}</ul>
      {changes === undefined ? null : changes.length === 0 ? <p class="muted">Nothing would change.</p> : (
        <Scroll label="What would change" diff>
          <table class="table compact">
            <thead><tr><th scope="col">Matching</th><th scope="col">Event</th><th scope="col">From</th><th scope="col">To</th></tr></thead>
            <tbody>
              {changes.map((change) => (
                <tr key={`${change.matching_id} ${change.event}`}>
                  <td><Id id={change.matching_id} href={addressOf(`matchings/${change.matching_id}`)} /></td>
                  <td><code>{change.event}</code></td>
                  <td>{change.from === null ? <span class="muted">none</span> : <StatusName status={change.from} />}</td>
                  <td>{change.to === null ? <span class="muted">no move</span> : <StatusName status={change.to} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  );
}

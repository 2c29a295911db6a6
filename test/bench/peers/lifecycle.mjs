// The lifecycle as the peers run it: the statuses and events of ours, without guards, so that nothing but durability is compared.
import { setup } from 'xstate';

export const lifecycle = setup({}).createMachine({
  id: 'matching',
  initial: 'created',
  context: {},
  states: {
    created: { on: { APPLICATION_WRITTEN: 'requested' } },
    requested: { on: { MATCHED: 'matched' } },
    matched: { on: { MATCH_ANNOUNCED: 'initialized' } },
    initialized: { on: { PROGRESS_ANNOUNCED: 'in_progress' } },
    in_progress: { on: { RESULT_ANNOUNCED: 'finished' } },
    finished: { on: { DEADLINE_PASSED: 'failed' } },
    failed: {},
  },
});

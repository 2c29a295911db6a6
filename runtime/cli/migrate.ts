// migrate: creates or upgrades the schema of the configured store.
import { Command } from 'commander';
import { openStore } from '../compose.ts';
import { readStoreConfig } from '../config/config.ts';
import { print } from './output.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('create or upgrade the schema; safe to run again, and from two hosts at once')
    .action(async () => {
      const { store } = openStore(readStoreConfig(process.env));
      try {
        const applied = await store.migrate();
        print(applied.length === 0 ? 'the schema is up to date' : `applied ${applied.join(', ')}`);
      } finally {
        await store.close();
      }
    });
}

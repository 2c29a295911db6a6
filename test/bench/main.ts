// `npm run bench -- <name>`: the benches there are, each of which ends in one line of JSON. Without a name, all of them.
import { benchContacts } from './contacts.ts';
import { benchDispatch } from './dispatch.ts';
import { benchImport } from './import.ts';
import { benchScale } from './scale.ts';
import { benchStartup } from './startup.ts';
import { benchYdb } from './ydb.ts';

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  contacts: benchContacts, dispatch: benchDispatch, import: benchImport, scale: benchScale, startup: benchStartup, ydb: benchYdb,
};

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) {
    process.stderr.write(`bench: there is no ${unknown.join(', ')}; there is ${Object.keys(benches).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  for (const name of names.length > 0 ? names : Object.keys(benches)) process.stdout.write(`${JSON.stringify(await benches[name]?.())}\n`);
}

await main(process.argv.slice(2));

// The scheme service: what is in the database's only directory.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import proto from 'ydb-sdk-proto';
import { failure, Status } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import { type CallContext, unary } from './calls.ts';
import { type Definition, done, failed, method, succeeded } from './rpc.ts';

const { Scheme } = proto.Ydb;
const { Type } = Scheme.Entry;
const path = (name: string): string => `/Ydb.Scheme.V1.SchemeService/${name}`;

export const schemeDefinition: Definition = {
  ListDirectory: method(path('ListDirectory'), Scheme.ListDirectoryRequest, { message: Scheme.ListDirectoryResponse }),
  DescribePath: method(path('DescribePath'), Scheme.DescribePathRequest, { message: Scheme.DescribePathResponse }),
  MakeDirectory: method(path('MakeDirectory'), Scheme.MakeDirectoryRequest, { message: Scheme.MakeDirectoryResponse }),
};

interface Pathed {
  readonly path?: string | null;
}

export function schemeService(context: CallContext, store: Store): UntypedServiceImplementation {
  const list = ({ path: asked }: Pathed): ReturnType<typeof done> => {
    requireDatabase(store, asked ?? '');
    const children = [...store.tables.keys()].sort().map((name) => ({ name, type: Type.TABLE }));
    return succeeded(
      'Ydb.Scheme.ListDirectoryResult',
      Scheme.ListDirectoryResult,
      { self: { name: store.database, type: Type.DATABASE }, children },
    );
  };
  const describe = ({ path: asked }: Pathed): ReturnType<typeof done> => {
    const known = isDatabase(store, asked ?? '') ? null : store.table(asked ?? '').name;
    const self = known === null ? { name: store.database, type: Type.DATABASE } : { name: known, type: Type.TABLE };
    return succeeded('Ydb.Scheme.DescribePathResult', Scheme.DescribePathResult, { self });
  };
  return {
    ListDirectory: unary(context, 'Scheme.ListDirectory', { handle: list, failed }),
    DescribePath: unary(context, 'Scheme.DescribePath', { handle: describe, failed }),
    MakeDirectory: unary(context, 'Scheme.MakeDirectory', { handle: done, failed }),
  };
}

function isDatabase(store: Store, asked: string): boolean {
  return asked.replace(/\/+$/, '') === store.database || asked === '';
}

function requireDatabase(store: Store, asked: string): void {
  if (!isDatabase(store, asked)) throw failure(Status.SCHEME_ERROR, `Path not found: ${asked}`, 2003);
}

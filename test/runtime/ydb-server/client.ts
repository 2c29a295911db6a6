// A thin client of the query service for these tests: each call of the protocol by itself, statuses as they came.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type proto from 'ydb-sdk-proto';
import { encodeType, type YdbType } from '../../ydb-server/types.ts';
import { encodeValue, type Value } from '../../ydb-server/values.ts';
import { queryDefinition } from '../../ydb-server/services/query.ts';
import type { YdbServer } from '../../ydb-server/server.ts';

type Part = proto.Ydb.Query.IExecuteQueryResponsePart;

export interface Reply {
  readonly status: number;
  readonly issues: readonly proto.Ydb.Issue.IIssueMessage[];
  readonly sets: readonly { columns: string[]; types: proto.Ydb.IType[]; rows: proto.Ydb.IValue[][] }[];
  readonly parts: readonly Part[];
  readonly txId: string;
}

export const serializable = { beginTx: { serializableReadWrite: {} } };
export const oneShot = { ...serializable, commitTx: true };
export const snapshot = { beginTx: { snapshotReadOnly: {} }, commitTx: true };

const success = 400_000;
// A pool of its own: a connection that another client lost would make it wait.
const channelOptions = {
  'grpc.max_receive_message_length': 64 << 20,
  'grpc.max_send_message_length': 64 << 20,
  'grpc.use_local_subchannel_pool': 1,
};

export class RawClient {
  readonly #client: Client;

  constructor(server: YdbServer) {
    this.#client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), channelOptions);
  }

  unary<Response = { status: number; sessionId: string }>(name: string, request: object): Promise<Response> {
    const method = queryDefinition[name];
    if (method === undefined) throw new Error(name);
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, response: unknown): void => (error === null ? resolve(response as Response) : reject(error));
      this.#client.makeUnaryRequest(path, requestSerialize as never, responseDeserialize as never, request, new Metadata(), done);
    });
  }

  async session(): Promise<string> {
    const { sessionId } = await this.unary('CreateSession', {});
    return sessionId;
  }

  stream(name: string, request: object) {
    const method = queryDefinition[name];
    if (method === undefined) throw new Error(name);
    return this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize as never,
      method.responseDeserialize as never,
      request,
    );
  }

  async execute(
    sessionId: string,
    text: string,
    options: { tx?: object; parameters?: Record<string, readonly [YdbType, Value]> } = {},
  ): Promise<Reply> {
    const parameters = Object.fromEntries(
      Object.entries(options.parameters ?? {}).map(
        ([name, [type, value]]) => [`$${name}`, { type: encodeType(type), value: encodeValue(type, value) }],
      ),
    );
    const stream = this.stream(
      'ExecuteQuery',
      { sessionId, execMode: 50, queryContent: { syntax: 1, text }, parameters, ...(options.tx && { txControl: options.tx }) },
    );
    const parts: Part[] = [];
    for await (const part of stream) parts.push(part as Part);
    return replyOf(parts);
  }

  close(): void {
    this.#client.close();
  }
}

function replyOf(parts: readonly Part[]): Reply {
  const sets: { columns: string[]; types: proto.Ydb.IType[]; rows: proto.Ydb.IValue[][] }[] = [];
  for (const { resultSet, resultSetIndex } of parts) {
    if (!resultSet) continue;
    const columns = resultSet.columns ?? [];
    const set = (
      sets[Number(resultSetIndex)] ??= {
        columns: columns.map(({ name }) => name ?? ''),
        types: columns.map(({ type }) => type ?? {}),
        rows: [],
      }
    );
    set.rows.push(...(resultSet.rows ?? []).map(({ items }) => items ?? []));
  }
  const bad = parts.find(({ status }) => Number(status) !== success);
  return {
    status: bad?.status ?? success,
    issues: bad?.issues ?? [],
    sets,
    parts,
    txId: parts.map(({ txMeta }) => txMeta?.id ?? '').join(''),
  };
}

// Method definitions for grpc-js over the message classes of ydb-sdk-proto, and the two envelopes of YDB's replies.
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type proto from 'ydb-sdk-proto';
import { type Issue, Status, YdbFailure } from '../errors.ts';

interface Message<Type> {
  encode(message: Type): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Type;
}

export function method<Request, Response>(
  path: string,
  request: Message<Request>,
  response: { message: Message<Response>; stream?: boolean },
): MethodDefinition<Request, Response> {
  return {
    path,
    requestStream: false,
    responseStream: response.stream ?? false,
    requestSerialize: (value) => Buffer.from(request.encode(value).finish()),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (value) => Buffer.from(response.message.encode(value).finish()),
    responseDeserialize: (bytes) => response.message.decode(bytes),
  };
}

export type Definition = ServiceDefinition;

const errorSeverity = 1;

export function encodeIssue({ message, code, position, issues }: Issue): proto.Ydb.Issue.IIssueMessage {
  return {
    message, issueCode: code, severity: errorSeverity,
    ...(position && { position: { row: position.line, column: position.column } }),
    ...(issues && { issues: issues.map(encodeIssue) }),
  };
}

/** What a direct reply says of a failure. One that is not YDB's own is a defect of this server, shown as such. */
export function failureFields(error: unknown): { status: Status; issues: proto.Ydb.Issue.IIssueMessage[] } {
  if (error instanceof YdbFailure) return { status: error.status, issues: error.issues.map(encodeIssue) };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: Status.INTERNAL_ERROR, issues: [encodeIssue({ message, code: 0 })] };
}

export function succeeded<Result>(type: string, message: Message<Result>, result: Result): { operation: proto.Ydb.Operations.IOperation } {
  const value = Buffer.from(message.encode(result).finish());
  return { operation: { id: '', ready: true, status: Status.SUCCESS, result: { type_url: `type.googleapis.com/${type}`, value } } };
}

export function done(): { operation: proto.Ydb.Operations.IOperation } {
  return { operation: { id: '', ready: true, status: Status.SUCCESS } };
}

export function failed(error: unknown): { operation: proto.Ydb.Operations.IOperation } {
  return { operation: { id: '', ready: true, ...failureFields(error) } };
}

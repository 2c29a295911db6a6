// Failures as the server reports them: an operation status with issues. Codes are YDB's own numbers.
import proto from 'ydb-sdk-proto';

export const Status = proto.Ydb.StatusIds.StatusCode;
export type Status = proto.Ydb.StatusIds.StatusCode;

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Issue {
  readonly message: string;
  readonly code: number;
  readonly position?: Position;
  readonly issues?: readonly Issue[];
}

export const IssueCode = {
  core: 1030,
  parse: 0,
  locksInvalidated: 2001,
  schemeError: 2003,
  overloaded: 2006,
  badOperation: 2008,
  constraint: 2012,
  tooManyTransactions: 2014,
  transactionNotFound: 2015,
  badRequest: 2017,
  badColumnType: 2031,
  noColumnDefault: 2032,
  undetermined: 2026,
} as const;

export class YdbFailure extends Error {
  readonly status: Status;
  readonly issues: readonly Issue[];

  constructor(status: Status, issues: readonly Issue[]) {
    super(issues.map(({ message }) => message).join('; '));
    this.status = status;
    this.issues = issues;
  }
}

export function failure(status: Status, message: string, code = 0): YdbFailure {
  return new YdbFailure(status, [{ message, code }]);
}

/** A text that the server refuses to compile: the message carries the place, as YDB's own do. */
export function compileError(message: string, at: Position, code: number = IssueCode.core): YdbFailure {
  return new YdbFailure(Status.GENERIC_ERROR, [{ message: `${at.line}:${at.column}: ${message}`, code, position: at }]);
}

export function badRequest(message: string, code: number = IssueCode.badRequest): YdbFailure {
  return failure(Status.BAD_REQUEST, message, code);
}

export function unknownTable(path: string): YdbFailure {
  return failure(
    Status.SCHEME_ERROR,
    `Cannot find table '${path}' because it does not exist or you do not have access permissions.`,
    IssueCode.schemeError,
  );
}

export function locksInvalidated(path: string): YdbFailure {
  return new YdbFailure(Status.ABORTED, [
    { message: `Transaction locks invalidated. Table: \`${path}\`.`, code: IssueCode.locksInvalidated },
    { message: 'Operation is aborting because locks are not valid', code: IssueCode.locksInvalidated },
  ]);
}

export function duplicateKey(path: string): YdbFailure {
  return new YdbFailure(Status.PRECONDITION_FAILED, [
    {
      message: `Constraint violated. Table: \`${path}\`.`,
      code: IssueCode.constraint,
      issues: [{ message: 'Conflict with existing key.', code: IssueCode.constraint }],
    },
  ]);
}

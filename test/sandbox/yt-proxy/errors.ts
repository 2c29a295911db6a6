// Errors of the protocol: what a command throws, and its wire form.

export interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inner_errors: readonly ErrorBody[];
}

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly body: ErrorBody;
  /** The cluster answers 400 to whatever a command fails with; only the proxy's own refusals have other statuses. */
  readonly status: number;

  constructor(body: ErrorBody, status = 400) {
    super(body.message);
    this.body = body;
    this.status = status;
  }
}

export function errorBody(code: number, message: string, attributes: Readonly<Record<string, unknown>> = {}): ErrorBody {
  return { code, message, attributes, inner_errors: [] };
}

export function commandError(code: number, message: string, attributes?: Readonly<Record<string, unknown>>): CommandError {
  return new CommandError(errorBody(code, message, attributes));
}

export function resolveError(path: string): CommandError {
  return commandError(500, `Error resolving path ${path}`, { path });
}

export function noSuchTransaction(id: string): CommandError {
  return commandError(11_000, `Transaction ${id} has expired or was aborted`, { transaction_id: id });
}

/** Any failure as the cluster would tell it; a fault of our own code is told as well rather than hidden. */
export function asCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  return commandError(1, error instanceof Error ? error.message : 'Unknown error');
}

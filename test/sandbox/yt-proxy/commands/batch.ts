// execute_batch: many light commands in one request, each with its own outcome.
import { z } from 'zod';
import { parameters, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { asCommandError, commandError } from '../errors.ts';

export const executeBatch: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runBatch };

const part = z.object({ command: z.string(), parameters: z.record(z.string(), z.unknown()), input: z.unknown().optional() });
const batching = z.object({ requests: z.array(part) });

async function runBatch(call: CommandCall): Promise<CommandResult> {
  const { requests } = parameters(batching, call);
  const results: unknown[] = [];
  for (const request of requests) results.push(await outcomeOf(call, request));
  return valueResult({ results });
}

async function outcomeOf(call: CommandCall, request: z.output<typeof part>): Promise<unknown> {
  try {
    const result = await call.runPart(request.command, request.parameters, request.input);
    if (result.kind === 'rows') throw commandError(1, `Command "${request.command}" cannot be part of a batch`);
    return result.kind === 'empty' ? {} : { output: result.value };
  } catch (error) {
    return { error: asCommandError(error).body };
  }
}

// The generated part of docs/http.md: the endpoints, as tables, from the routes the servers serve.
import type { z } from 'zod';
import { adminRoutes } from './admin/routes.ts';
import { driverRoutes } from './driver/routes.ts';
import { problemsOf } from './openapi.ts';
import { pageRoutes } from './pages.ts';
import { problemStatuses } from './problem.ts';
import type { RouteDoc } from './routes.ts';

/** Markdown; the same text for the same table. */
export function httpReference(): string {
  return [
    '## Driver API', '', ...endpointTable(driverRoutes), '',
    '## Admin API', '', ...endpointTable(adminRoutes), '',
    '## Pages', '', 'On the admin listener. They hold no data and load without a token; what they show they ask of the admin API.', '', ...endpointTable(pageRoutes), '',
    '## Problem codes', '', 'Failures inside the service carry codes of their own, such as `store_unavailable`; a 5xx never shows its message.', '', ...problemTable(), '',
  ].join('\n');
}

function endpointTable(routes: readonly RouteDoc[]): string[] {
  const rows = routes.map((route) => [
    `\`${route.method} ${route.path}\``, route.summary, route.access, inputsOf(route), repliesOf(route), problemsOf(route).join(' '),
  ]);
  return table(['endpoint', 'does', 'access', 'input', 'replies', 'problems'], rows);
}

function inputsOf(route: RouteDoc): string {
  const parts = [named('query', route.query), named('headers', route.headers), route.body === null ? '' : `body: ${bodyOf(route.body)}`];
  return parts.filter((part) => part !== '').join('; ') || '-';
}

function named(part: string, schema: z.ZodObject): string {
  const names = Object.keys(schema.shape).map((name) => `\`${name}\``);
  return names.length === 0 ? '' : `${part}: ${names.join(', ')}`;
}

function bodyOf(body: z.ZodType): string {
  const schema = body.toJSONSchema({ io: 'input' });
  const variants = schema.anyOf ?? schema.oneOf ?? [schema];
  return variants.map((variant) => fieldsOf(variant as { properties?: object; required?: readonly string[] })).join(' or ');
}

function fieldsOf({ properties = {}, required = [] }: { properties?: object; required?: readonly string[] }): string {
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
  return `\`{${names.join(', ')}}\``;
}

function repliesOf(route: RouteDoc): string {
  return Object.entries(route.replies).map(([status, reply]) => `${status}: ${reply.description}`).join('<br>');
}

function problemTable(): string[] {
  return table(['code', 'status'], Object.entries(problemStatuses).map(([code, status]) => [`\`${code}\``, String(status)]));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

// The standard variables of OpenTelemetry that this service understands.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and .../protocol/exporter/
import { z } from 'zod';

export const samplerNames = [
  'always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplerNames)[number];

/** Plain data, so that a job's thread receives it as it is. */
export interface TracingConfig {
  /** Where spans are posted. */
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** From 0 to 1; of the samplers that take one. */
  readonly samplerRatio: number;
  /** Longest wait of an ended span before it is sent. */
  readonly delayMs: number;
}

const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

/** `a=1,b=2`, values percent-encoded. */
const pairs = z.string().transform((text, check) => {
  const entries = text.split(',').filter((part) => part.trim() !== '').map((part) => part.split(/=(.*)/s));
  const decoded = entries.map(([name = '', value]) => [name.trim(), decodedText(value?.trim())] as const);
  if (decoded.some(([name, value]) => name === '' || value === null)) check.addIssue('must be a list such as key=value,key=value');
  return Object.fromEntries(decoded.map(([name, value]) => [name, value ?? '']));
});

export const tracingVariables = {
  OTEL_SDK_DISABLED: z.enum(['true', 'false'], 'must be true or false').default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(['http/protobuf', 'http/json'], 'must be http/protobuf or http/json').default('http/protobuf'),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], 'must be otlp or none').default('otlp'),
  OTEL_TRACES_SAMPLER: z.enum(samplerNames, `must be one of ${samplerNames.join(', ')}`).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.string().regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'must be a number from 0 to 1').optional(),
  OTEL_SERVICE_NAME: z.string().min(1, 'must not be empty').default('contractor-mentorship'),
  OTEL_RESOURCE_ATTRIBUTES: pairs.optional(),
  OTEL_BSP_SCHEDULE_DELAY: z.string().regex(/^\d{1,6}$/, 'must be a whole number of milliseconds').optional(),
};

const defaultDelayMs = 5_000;

/** Null where nothing is to be traced. */
export function tracingOf(variables: z.output<z.ZodObject<typeof tracingVariables>>): TracingConfig | null {
  const base = variables.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '');
  // The endpoint of one signal is used as it is; the one for all signals is a base.
  const address = variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base === undefined ? undefined : `${base}/v1/traces`);
  if (address === undefined || variables.OTEL_SDK_DISABLED === 'true' || variables.OTEL_TRACES_EXPORTER === 'none') return null;
  return {
    url: address,
    protocol: variables.OTEL_EXPORTER_OTLP_PROTOCOL,
    headers: variables.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: variables.OTEL_SERVICE_NAME,
    resource: variables.OTEL_RESOURCE_ATTRIBUTES ?? {},
    sampler: variables.OTEL_TRACES_SAMPLER,
    samplerRatio: Number(variables.OTEL_TRACES_SAMPLER_ARG ?? 1),
    delayMs: Number(variables.OTEL_BSP_SCHEDULE_DELAY ?? defaultDelayMs),
  };
}

function decodedText(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}

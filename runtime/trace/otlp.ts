// Spans sent to an OpenTelemetry collector over OTLP/HTTP. Loaded only when configured: the SDK costs memory and time to start.
import { type Context as OtelContext, ROOT_CONTEXT, type Span as OtelSpan, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler, AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, type Sampler, type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { SamplerName, TracingConfig } from '../config/tracing.ts';
import { type Span, type SpanAttributes, spanAttributes, type SpanOptions, type TraceScope, type Tracing } from '../trace.ts';

const exportWithinMs = 5_000;

const kinds = {
  server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL,
} as const satisfies Record<SpanOptions['kind'], SpanKind>;

const samplers: Readonly<Record<SamplerName, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

export async function openOtlpTracing(config: TracingConfig, version: string): Promise<Tracing> {
  const exporter = await createExporter(config);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.version': version, ...config.resource, 'service.name': config.serviceName }),
    sampler: samplers[config.sampler](config.samplerRatio),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: config.delayMs, exportTimeoutMillis: exportWithinMs })],
  });
  const tracer = provider.getTracer(config.serviceName, version);
  return {
    begin: (options, parent) => begin(tracer, parent === null ? ROOT_CONTEXT : remoteParent(parent), options),
    close: () => provider.shutdown(),
  };
}

async function createExporter({ protocol, url, headers }: TracingConfig): Promise<SpanExporter> {
  const { OTLPTraceExporter } = protocol === 'http/json'
    ? await import('@opentelemetry/exporter-trace-otlp-http')
    : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportWithinMs });
}

/** `traceparent` has the form of the standard already. */
function remoteParent(traceparent: string): OtelContext {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true });
}

function begin(tracer: Tracer, parent: OtelContext, { name, kind, attributes }: SpanOptions): Span {
  const span = tracer.startSpan(name, { kind: kinds[kind], attributes: allowed(attributes) }, parent);
  return {
    scope: scopeOf(tracer, trace.setSpan(parent, span), span),
    set: (more) => void span.setAttributes(allowed(more)),
    end: (errorCode) => {
      if (errorCode !== undefined) span.setAttribute('error.type', errorCode).setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function scopeOf(tracer: Tracer, context: OtelContext, span: OtelSpan): TraceScope {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    begin: (options) => begin(tracer, context, options),
  };
}

const names: ReadonlySet<string> = new Set(spanAttributes);

/** The types say so already; a cast somewhere must not undo it. */
function allowed(attributes: SpanAttributes): SpanAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => names.has(name)));
}

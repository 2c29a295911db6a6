// The variables of OpenTelemetry.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { tracingOf, tracingVariables } from '../../../runtime/config/tracing.ts';
import { openOtlpTracing } from '../../../runtime/trace/otlp.ts';
import { startOtlpReceiver } from '../../otlp-receiver.ts';

const read = (environment: Record<string, string>) => tracingOf(z.object(tracingVariables).parse(environment));
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

test.each([
  {},
  { ...endpoint, OTEL_SDK_DISABLED: 'true' },
  { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
])('traces nothing under %o', (environment) => {
  expect(read(environment)).toBeNull();
});

test('posts below the common endpoint, or to that of traces as it is', () => {
  expect(read(endpoint)).toMatchObject({ url: 'http://collector:4318/v1/traces', protocol: 'http/protobuf', sampler: 'parentbased_always_on' });
  expect(read({ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/in' })).toMatchObject({ url: 'http://other/in' });
});

test('reads headers, resource and sampler', () => {
  expect(read({
    ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x, b=1=2', OTEL_RESOURCE_ATTRIBUTES: 'a=1,b=2', OTEL_SERVICE_NAME: 'mine',
    OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25',
  })).toMatchObject({
    headers: { authorization: 'Bearer x', b: '1=2' }, resource: { a: '1', b: '2' }, serviceName: 'mine', sampler: 'traceidratio', samplerRatio: 0.25,
  });
});

test.each([
  { OTEL_TRACES_SAMPLER: 'sometimes' }, { OTEL_TRACES_SAMPLER_ARG: '2' }, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  { OTEL_RESOURCE_ATTRIBUTES: 'novalue' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
])('refuses %o', (environment) => {
  const parsed = z.object(tracingVariables).safeParse(environment);
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual(Object.keys(environment));
});

test('records the sampled part alone, and speaks protobuf unless told otherwise', async () => {
  const receiver = await startOtlpReceiver();
  const config = { ...read({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })!, sampler: 'parentbased_always_on' as const };
  const tracing = await openOtlpTracing(config, '1.0.0');
  const options = { kind: 'internal', attributes: {} } as const;
  tracing.begin({ ...options, name: 'kept-span' }, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01').end();
  tracing.begin({ ...options, name: 'dropped-span' }, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00').end();
  await tracing.close();
  expect(receiver.posts.map(({ contentType }) => contentType)).toEqual(['application/x-protobuf']);
  const [post] = receiver.posts;
  expect(post?.body.includes('kept-span')).toBe(true);
  expect(post?.body.includes('dropped-span')).toBe(false);
  await receiver.close();
});

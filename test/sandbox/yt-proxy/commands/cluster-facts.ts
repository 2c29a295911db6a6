// Commands that tell of the cluster itself and of no data.
import { valueResult, type Command } from '../command.ts';

const traits = { input: 'null', output: 'structured', volatile: false, heavy: false } as const;

const features = {
  primitive_types: [
    'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float', 'double', 'bool',
    'string', 'utf8', 'json', 'uuid', 'yson', 'date', 'datetime', 'timestamp', 'interval', 'void',
  ],
  compression_codecs: ['none'],
  erasure_codecs: ['none'],
  operation_statistics_descriptions: {},
};

export const getSupportedFeatures: Command = { ...traits, run: () => valueResult({ features }) };
/** Here everybody may do everything. */
export const checkPermission: Command = { ...traits, run: () => valueResult({ action: 'allow' }) };
export const discoverProxies: Command = { ...traits, run: (call) => valueResult({ proxies: call.heavyHosts() }) };

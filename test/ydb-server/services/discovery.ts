// Discovery: one endpoint, which is this server's own address.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import proto from 'ydb-sdk-proto';
import { type CallContext, unary } from './calls.ts';
import { type Definition, failed, method, succeeded } from './rpc.ts';

const { Discovery } = proto.Ydb;

export const discoveryDefinition: Definition = {
  ListEndpoints: method(
    '/Ydb.Discovery.V1.DiscoveryService/ListEndpoints',
    Discovery.ListEndpointsRequest,
    { message: Discovery.ListEndpointsResponse },
  ),
};

export function discoveryService(context: CallContext, port: () => number): UntypedServiceImplementation {
  const handle = (): proto.Ydb.Discovery.IListEndpointsResponse => {
    const endpoints = [
      {
        address: '127.0.0.1',
        port: port(),
        nodeId: 1,
        loadFactor: 0,
        ssl: false,
        service: ['discovery', 'query_service', 'table_service', 'scheme_service'],
      },
    ];
    return succeeded('Ydb.Discovery.ListEndpointsResult', Discovery.ListEndpointsResult, { endpoints, selfLocation: 'local' });
  };
  return { ListEndpoints: unary(context, 'Discovery.ListEndpoints', { handle, failed }) };
}

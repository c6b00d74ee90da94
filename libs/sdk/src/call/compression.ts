import { isForStrangers, limits, type OperationSpec } from '@concordat/contracts';
import { gzip } from 'node:zlib';
import type { WireRequest } from './wire-request';

/**
 * A request with a large body compressed, where that makes it smaller. By gzip, which every gateway takes; answers are
 * unpacked by `fetch`, which also asks for them so. What needs no credential goes out as it is: gateways unpack nothing of
 * strangers, and those bodies hold secrets.
 */
export async function compressed(
  spec: Pick<OperationSpec, 'caller'>,
  request: WireRequest,
): Promise<WireRequest> {
  if (typeof request.body !== 'string' || isForStrangers(spec)) return request;
  const plain = Buffer.from(request.body);
  if (plain.length < limits.compressionBytes) return request;
  const body = await new Promise<Buffer>((resolve, reject) =>
    gzip(plain, (error, packed) => (error ? reject(error) : resolve(packed))),
  );
  if (body.length >= plain.length) return request;
  return { ...request, body, headers: { ...request.headers, 'content-encoding': 'gzip' } };
}

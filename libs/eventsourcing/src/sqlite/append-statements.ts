import { sourceUri } from '@concordat/contracts';
import type { SqlStatement } from '@concordat/sqlite';
import type { AppendRequest } from '../event-store';
import { specOf } from '../event-store';
import { wireData } from '../codec';

// The parts of chain_hash are those of contracts' `chainParts`, in that order.
const insertEvent = `
  INSERT INTO events (position, epoch, prev_epoch, tenant, stream, version, type, subject, time, actor, correlation,
    traceparent, data, prev_hash, hash)
  SELECT s.position + 1, s.epoch, s.head_epoch, $tenant, $stream, $version, $type, $subject, $time, $actor, $correlation,
    $traceparent, $data, s.hash,
    chain_hash(s.hash, s.source || ':' || s.epoch || ':' || (s.position + 1), $type, $sourceUri, $subject, $time, $tenant,
      $actor, $stream, $versionText, coalesce($correlation, ''), coalesce($traceparent, ''),
      s.head_epoch || '-' || s.position, $wire)
  FROM store s`;

const advanceHead = `
  UPDATE store SET position = position + 1, head_epoch = epoch,
    hash = (SELECT e.hash FROM events e WHERE e.position = store.position + 1)`;

const rememberCommand = `
  INSERT INTO commands (tenant, id, digest, stream, version, epoch, position, at_ms)
  SELECT $tenant, $id, $digest, $stream, $version, head_epoch, position, $atMs FROM store`;

/** Without events no index compares the version; the code is read by the store, which throws VersionConflictError. */
export const movedOn = 'STREAM_MOVED_ON';
const refuseOtherVersion = `
  SELECT refuse('${movedOn}', '') WHERE $version <>
    (SELECT coalesce(max(version), 0) FROM events WHERE tenant = $tenant AND stream = $stream)`;

const readHead = 'SELECT head_epoch AS epoch, position, hash FROM store';

/** The job that appends: events, effects and memo, all or none. Its last statement returns the new head. */
export function appendStatements(source: string, request: AppendRequest, nowMs: number): SqlStatement[] {
  const { tenant, stream, time, actor, correlation, traceparent, command } = request;
  const inserts = request.events.flatMap(({ type, subject, data }, index) => {
    const version = request.expectedVersion + index + 1;
    const versionText = String(version);
    const wire = wireData(specOf(type), data);
    const params = {
      tenant,
      stream,
      version,
      versionText,
      type,
      subject,
      time,
      actor,
      correlation,
      traceparent,
      data,
      wire,
    };
    return [
      { sql: insertEvent, params: { ...params, sourceUri: sourceUri(source) } },
      { sql: advanceHead, params: [] },
    ];
  });
  const memo = command && {
    sql: rememberCommand,
    params: {
      tenant,
      id: command.id,
      digest: command.digest,
      stream,
      version: request.expectedVersion + request.events.length,
      atMs: nowMs,
    },
  };
  const version = request.expectedVersion;
  const check = { sql: refuseOtherVersion, params: { tenant, stream, version }, returnsRows: true };
  return [
    ...(inserts.length === 0 ? [check] : inserts),
    ...request.effects,
    ...(memo ? [memo] : []),
    { sql: readHead, params: [], returnsRows: true },
  ];
}

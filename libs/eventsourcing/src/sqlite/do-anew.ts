import type { EventEnvelope } from '@concordat/contracts';
import { canonicalJson, sha256, toBase64url, utf8 } from '@concordat/crypto';
import type { Keystore } from '@concordat/keystore';
import { openData, sealData } from '../codec';
import { fromEnvelope, specOf } from '../event-store';
import type { HistoryWriter } from './history-writer';

/**
 * Adds an event of before as one of a new epoch, at the end of its stream, with its sealed fields sealed for the new place.
 * Of something that is lost there is nothing to change: then nothing is added.
 */
export async function doAnew(
  writer: HistoryWriter,
  entry: EventEnvelope,
  epoch: number,
  keystore: Keystore,
): Promise<void> {
  const event = fromEnvelope(entry);
  const version = writer.versionAnew(event);
  if (version === undefined) return;
  const spec = specOf(event.type);
  const stored = JSON.parse(event.data) as Record<string, unknown>;
  const { tenant, stream } = event;
  const opened = await openData(spec, stored, event, keystore);
  const fields = spec.sealed?.fields ?? [];
  // To seal would make a new key where one was destroyed.
  const isClosed = fields.some((field) => opened[field] === null);
  const sealed = isClosed
    ? { ...stored, ...Object.fromEntries(fields.map((field) => [field, withheld(stored[field])])) }
    : await sealData(spec, opened, { tenant, stream, version }, keystore);
  writer.addAnew({ ...event, version, data: JSON.stringify(sealed) }, epoch);
}

const withheld = (value: unknown): { sha256: string } => ({
  sha256: toBase64url(sha256(utf8(canonicalJson(value)))),
});

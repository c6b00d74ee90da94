import { readFile } from 'node:fs/promises';
import { limits } from '@concordat/contracts';
import { openNote, parseCheckpoint, parseVerifierKey, verifyInclusionBundle } from '@concordat/crypto';
import { type OperationOutput } from '@concordat/sdk';
import { type Checks, requireThat } from './checks';
import { type Stage } from './cast';
import { type Transcript } from './transcript';
import { untilSo } from './until-so';

type AuditMessage = OperationOutput<'audit.messages'>['items'][number];
type AuditEvent = OperationOutput<'audit.events'>['items'][number];

/** What the audit trail says of all this, and that it cannot be changed unseen. */
export async function evidenceIsThere(
  stage: Stage,
  checks: Checks,
  transcript: Transcript,
  vkeyFile: string,
): Promise<void> {
  await checks.that('the audit trail has every message as DELIVERED', () => allDelivered(stage, transcript));
  await checks.that('the audit trail has the refused handshake', () =>
    untilSo(async () => {
      const [event] = await events(stage, {
        type: 'concordat.iam.handshake.refused.v1',
        subject: stage.ada.did,
      });
      requireThat(event !== undefined, 'there is no such event yet');
      const { reason } = event.data as { reason?: string };
      requireThat(reason === 'bad-signature', `the reason is ${reason}`);
      return `event ${event.id}: ${reason}`;
    }, stage.deadline),
  );
  await checks.that('the audit trail names the trace of the first message', () => traceOf(stage, transcript));
  await checks.that('the log is signed with the key pinned here', async () => {
    const { body } = await stage.admin.audit.checkpoint({}, { signal: stage.deadline });
    const verifier = parseVerifierKey(await readFile(vkeyFile, 'utf8'));
    const { origin, size } = parseCheckpoint(openNote(Buffer.from(body, 'base64url').toString(), verifier));
    requireThat(origin === verifier.name, `it is a checkpoint of ${origin}`);
    return `${size} events in the log ${origin}`;
  });
  await checks.that('a delivery is proven offline to be in it', () =>
    proofHolds(stage, transcript, vkeyFile),
  );
}

async function allDelivered(stage: Stage, { threads, ids, planned }: Transcript): Promise<string> {
  const last = await untilSo(async () => {
    const found: AuditMessage[] = [];
    for (const { correlationId } of threads) found.push(...(await messagesOf(stage, correlationId)));
    const delivered = found.filter(({ status }) => status === 'DELIVERED');
    const missing = [...ids].filter((id) => !delivered.some(({ messageId }) => messageId === id));
    const counts = `${delivered.length} of ${planned} are DELIVERED, ${found.length} are known`;
    requireThat(delivered.length === planned && missing.length === 0 && found.length === planned, counts);
    return found;
  }, stage.deadline);
  return `${last.length} of ${planned} in PostgreSQL, and no other in these conversations`;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

async function allPages<T>(page: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: some, nextCursor } = await page(cursor);
    items.push(...some);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

const limit = limits.pageItems;

const messagesOf = ({ admin, deadline: signal }: Stage, correlationId: string): Promise<AuditMessage[]> =>
  allPages((cursor) => admin.audit.messages({ correlationId, cursor, limit }, { signal }));

const events = (
  { admin, deadline: signal, traceparent }: Stage,
  filter: { readonly type: string; readonly subject?: string; readonly correlationId?: string },
): Promise<AuditEvent[]> =>
  allPages((cursor) => admin.audit.events({ ...filter, cursor, limit }, { signal, traceparent }));

async function traceOf(stage: Stage, { threads, traceId }: Transcript): Promise<string> {
  requireThat(traceId === stage.traceId, `the first message has the trace ${traceId}, not ${stage.traceId}`);
  const { correlationId } = threads[0]!;
  const found = await events(stage, { type: 'concordat.bus.message.accepted.v2', correlationId });
  requireThat(
    found.some((event) => event.traceId === traceId),
    'no event of the conversation has it',
  );
  return traceId;
}

/** Positive and negative: the proof holds, and the same proof of something else does not. */
async function proofHolds(stage: Stage, { ids }: Transcript, vkeyFile: string): Promise<string> {
  const told = await events(stage, { type: 'concordat.bus.messages.delivered.v1' });
  const event = told.find(({ data }) => {
    const { items } = data as { items: { messageId: string }[] };
    return items.some(({ messageId }) => ids.has(messageId));
  });
  requireThat(event !== undefined, 'there is no event of a delivery');
  const vkey = (await readFile(vkeyFile, 'utf8')).trim();
  const verdict = await stage.admin.audit.verify(event.id, { vkey, signal: stage.deadline });
  requireThat(verdict.ok, verdict.ok ? '' : verdict.reason);
  const { disclosure, logIndex, treeSize } = verdict.bundle;
  requireThat(disclosure !== null, 'the event was not disclosed');
  const changed = { ...disclosure, event: disclosure.event.replace('delivered', 'forgotten') };
  const forged = verifyInclusionBundle({ ...verdict.bundle, disclosure: changed }, vkey);
  requireThat(!forged.ok, 'a changed event was proven too');
  return `event ${event.id}, entry ${logIndex} of ${treeSize}; the same proof of a changed event fails`;
}

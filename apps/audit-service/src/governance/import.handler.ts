import { actorOf, type OperationOutput } from '@concordat/contracts';
import { sha256, utf8 } from '@concordat/crypto';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 as uuidV7 } from 'uuid';
import { causedBy } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import { loggedEvent, logRow } from './governance-log.handler';
import type { GovernancePorts } from './governance-ports';
import { importDecider, type KnownLines, type ReadLine } from './import.decider';
import { type ImportedLog, readLine } from './imported-line';
import { hexOf, holdRecords, requireWholeTenant, subjectOf } from './record';
import { GovernanceLog, type LogRow } from './record-rows';

export interface ImportPorts extends GovernancePorts {
  readonly store: AuditStore;
}

type Items = OperationOutput<'governance.import'>['items'];

interface Line extends ReadLine {
  readonly text: string;
  readonly log: ImportedLog | undefined;
}

/** The operation `governance.import`. */
export function importHandlers(ports: ImportPorts) {
  const { ownEvents, store, clock } = ports;
  return {
    'governance.import': async (input, context) => {
      requireWholeTenant(context);
      const now = clock.now();
      const { tenant } = context.principal;
      const lines = input.lines.map((text) => lineOf(text, now.getTime()));
      if (input.dryRun) {
        const known = await store.read((em) => knownOf(em, tenant, lines));
        return { output: { items: itemsOf(lines, known, true) }, position: null };
      }
      const rows = new Map<string, LogRow>();
      for (const line of lines)
        if (line.log) rows.set(line.id, await rowOf(ports, context, line, line.log, now));
      return ownEvents.command(context, input, async (em, append) => {
        // One import of a tenant at a time: of two with the same line, one finds it known.
        await holdRecords(em, tenant);
        const known = await knownOf(em, tenant, lines);
        const made = importDecider
          .decide({ kind: 'ImportLines', lines }, known)
          .map(({ data }) => rows.get(data.id)!);
        if (made.length > 0) await em.insertMany(GovernanceLog, made);
        for (const row of made) append({ ...causedBy(context), ...loggedEvent(row) });
        return { items: itemsOf(lines, known, false) };
      });
    },
  } satisfies OperationHandlers;
}

function lineOf(text: string, nowMs: number): Line {
  const read = readLine(text, nowMs);
  const isRead = typeof read !== 'string';
  return {
    ...{ id: uuidV7(), lineHash: hexOf(sha256(utf8(text))), text },
    ...{ problem: isRead ? null : read, log: isRead ? read : undefined },
  };
}

async function knownOf(em: EntityManager, tenant: string, lines: readonly Line[]): Promise<KnownLines> {
  const hashes = lines.map(({ lineHash }) => Buffer.from(lineHash, 'hex'));
  const rows = await em.find(
    GovernanceLog,
    { tenant, lineHash: { $in: hashes } },
    { fields: ['id', 'lineHash'] },
  );
  return new Map(rows.map(({ id, lineHash }) => [hexOf(lineHash!), id]));
}

/** @param isDry nothing was made: what is new has no id */
function itemsOf(lines: readonly Line[], known: KnownLines, isDry: boolean): Items {
  const after = importDecider
    .decide({ kind: 'ImportLines', lines }, known)
    .reduce((state, fact) => importDecider.evolve(state, fact, ''), known);
  return lines.map(({ id, lineHash, problem }) => {
    if (problem !== null) return { status: 'refused', id: null, lineHash, problem };
    const record = after.get(lineHash)!;
    const isNew = record === id;
    const status = isNew ? 'imported' : 'known';
    return { status, id: isDry && !known.has(lineHash) ? null : record, lineHash, problem: null };
  });
}

/** A record made of a line is about whom the line names, or else about who imports it. */
async function rowOf(
  { sealer }: GovernancePorts,
  { principal }: OperationContext,
  { id, lineHash, text }: Line,
  log: ImportedLog,
  now: Date,
): Promise<LogRow> {
  const { tenant } = principal;
  const subject = log.subject ?? subjectOf(principal);
  const key = await sealer.keyOf(tenant, subject);
  return logRow(
    key,
    { aim: log.aim, details: null, original: text },
    {
      ...{ tenant, id, subject, actor: actorOf(principal), recordedAt: now, workflowId: null },
      ...{ mode: log.mode, action: log.action, outcome: log.outcome, correlationId: log.correlationId },
      ...{ occurredAt: new Date(log.occurredAtMs), lineHash: Buffer.from(lineHash, 'hex') },
    },
  );
}

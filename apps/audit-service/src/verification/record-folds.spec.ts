import {
  LegalHoldPlaced,
  LegalHoldReleased,
  PartitionDropped,
  RecordsDropped,
  WorkflowEnded,
  WorkflowStarted,
} from '@concordat/contracts';
import { Dropped } from './dropped';
import { DroppedRecords } from './dropped-records';
import type { ToldEvent } from './later-events';
import { RecordFolds } from './record-folds';

const event = ({ type }: { type: string }, data: object, source = '/concordat/audit'): ToldEvent => ({
  ...{ type, source, tenant: 'one', actor: 'user:a', subject: 's', time: '2026-01-01T00:00:00.000Z' },
  data: JSON.stringify(data),
});
const placed = { id: 'hold_1', reason: 'a', heldSubject: null, correlationId: null, from: null, to: null };
const name = 'workflow_executions one 1';
const started = event(WorkflowStarted, { id: '1', hash: 'aa' });
const ended = event(WorkflowEnded, { id: '1', hash: 'bb' });

describe('what events tell of records', () => {
  it('is the hash of the start, and that of the end when there is one', () => {
    const folds = new RecordFolds();
    folds.add(started);
    expect(folds.get(name)).toEqual({ first: 'aa', last: null });
    folds.add(ended);
    expect(folds.get(name)).toEqual({ first: 'aa', last: 'bb' });
  });

  it('is the same when the events are told once more, in their order', () => {
    const folds = new RecordFolds();
    const events = [event(LegalHoldPlaced, placed), event(LegalHoldReleased, { id: 'hold_1' })];
    for (const one of events) folds.add(one);
    const before = folds.get('legal_holds one hold_1');
    for (const one of events) folds.add(one);
    expect(folds.get('legal_holds one hold_1')).toEqual(before);
    expect(before!.last).not.toBeNull();
  });

  it('is added up in parts when there is much of it, each record in one of them', () => {
    const ids = Array.from({ length: 50 }, (_, i) => String(i));
    const filled = (folds: RecordFolds): RecordFolds => {
      for (const id of ids) folds.add(event(WorkflowStarted, { id, hash: id }));
      return folds;
    };
    const first = filled(new RecordFolds(0, 1, 10));
    const others = Array.from({ length: first.parts - 1 }, (_, i) => new RecordFolds(i + 1, first.parts, 10));
    const names = [first, ...others.map(filled)].flatMap((folds) => [...folds.open()]);
    expect(first.parts).toBeGreaterThan(1);
    expect(names.sort()).toEqual(ids.map((id) => `workflow_executions one ${id}`).sort());
  });

  it('is nothing, and nothing was dropped, by what a stranger puts into a feed', () => {
    const folds = new RecordFolds();
    folds.add({ ...started, source: '/concordat/audit.feed' });
    expect([...folds.open()]).toEqual([]);
    const dropped = new Dropped();
    const data = { kind: 'events', rows: 5, to: '2026-01-01T00:00:00Z' };
    dropped.note(event(PartitionDropped, data, '/concordat/audit.feed'));
    expect(dropped.rows).toBe(0);
    dropped.note(event(PartitionDropped, data));
    expect(dropped.rows).toBe(5);
  });
});

describe('what retention has dropped', () => {
  const to = '2026-01-01T00:00:00.000Z';
  const us = (time: string): bigint => BigInt(Date.parse(time)) * 1_000n;
  const dropped = new Dropped();
  dropped.note(event(PartitionDropped, { kind: 'events', rows: 5, to }));

  it('excuses messages of its tenant and kind that are older, and no others', () => {
    expect(dropped.mayTouch('one', 'events', us(to) - 1n)).toBe(true);
    expect(dropped.mayTouch('one', 'events', null)).toBe(true);
    expect(dropped.mayTouch('one', 'events', us(to))).toBe(false);
    expect(dropped.mayTouch('one', 'messages', us(to) - 1n)).toBe(false);
    expect(dropped.mayTouch('two', 'events', us(to) - 1n)).toBe(false);
  });

  it('is no entry that is younger than all of it', () => {
    expect(dropped.mayLack('2026-01-01T00:00:59.999999Z')).toBe(true);
    expect(dropped.mayLack('2026-01-01T00:01:00Z')).toBe(false);
  });

  it('are as many records as are told, also when two runs drop as many of one stretch', () => {
    const records = new DroppedRecords();
    const told = { kind: 'workflows', keep: '30d', from: '2025-01-01T00:00:00.000Z', to, rows: 2 };
    const [first, second] = [2, 0].map((heldRows) => event(RecordsDropped, { ...told, heldRows }));
    for (const one of [first!, first!, second!]) records.note(one);
    const taken = Array.from({ length: 5 }, () => records.take('workflow_executions', 'one'));
    expect(taken).toEqual([true, true, true, true, false]);
  });
});

import { exportFormat } from '@concordat/contracts';
import { formatVerifierKey } from '@concordat/crypto';
import fc from 'fast-check';
import { type Entry, fileOf, inPieces, signerOf, TestLog, vkey } from './export.fixture';
import { verifyExport } from './verify-export';

const formats = exportFormat.options;
const log = new TestLog([
  ...(['event', 'foreign', 'foreign', 'closed', 'event', 'event', 'foreign', 'event'] as const),
  ...Array.from({ length: 11 }, (_, i): Entry =>
    i % 5 === 2 ? 'event' : i % 7 === 3 ? 'closed' : 'foreign',
  ),
  'foreign',
]);
const verify = (file: string | Buffer, over: Partial<Parameters<typeof verifyExport>[1]> = {}) =>
  verifyExport(inPieces(file), { vkey, ...over });

describe.each(formats)('an export as %s', (format) => {
  const lines = log.lines(format);

  it('proves itself, in pieces of any size', async () => {
    for (const size of [1, 7, 100_000]) {
      const verdict = await verifyExport(inPieces(fileOf(lines), size), { vkey });
      expect(verdict).toMatchObject({
        ...{
          ok: true,
          lines: lines.length,
          closed: log.entries.filter((entry) => entry === 'closed').length,
        },
        checkpoint: { size: log.entries.length },
      });
    }
  });

  it('is found out when any of its bytes is another, and names the line', async () => {
    const bytes = Buffer.from(fileOf(lines));
    const at = fc.nat(bytes.byteLength - 1);
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const changed = Buffer.from(bytes);
        changed[place]! ^= change;
        const line = bytes.subarray(0, place).toString('latin1').split('\n').length;
        expect(await verify(changed)).toMatchObject({ ok: false, line });
      }),
      { numRuns: 150 },
    );
  });

  it('is found out when lines are dropped, doubled, swapped or brought in from elsewhere', async () => {
    const other = new TestLog(log.entries, 'another ').lines(format);
    const index = fc.nat(lines.length - 1);
    const tamper = fc.tuple(fc.constantFrom('drop', 'double', 'swap', 'bring'), index, index);
    await fc.assert(
      fc.asyncProperty(tamper, async ([how, i, j]) => {
        const changed = [...lines];
        if (how === 'drop') changed.splice(i, 1);
        else if (how === 'double') changed.splice(j, 0, lines[i]!);
        else if (how === 'bring') changed[i] = other[i]!;
        else [changed[i], changed[j]] = [lines[j]!, lines[i]!];
        fc.pre(fileOf(changed) !== fileOf(lines));
        const first = changed.findIndex((line, at) => line !== lines[at]);
        // The first line of another export is a first line too: what follows does not follow it.
        const isBegin = how === 'bring' && i === 0;
        const line = (first < 0 ? changed.length : first) + (isBegin ? 2 : 1);
        expect(await verify(fileOf(changed))).toMatchObject({ ok: false, line });
      }),
      { numRuns: 150 },
    );
  });

  it('is found out when it is cut off anywhere', async () => {
    const file = Buffer.from(fileOf(lines));
    await fc.assert(
      fc.asyncProperty(fc.nat(file.byteLength - 1), async (end) => {
        const verdict = await verify(file.subarray(0, end));
        expect(verdict).toMatchObject({ ok: false, reason: expect.stringContaining('cut off') as string });
      }),
      { numRuns: 30 },
    );
    for (const more of ['\n', 'x', `${lines[0]}\n`])
      expect(await verify(fileOf(lines) + more)).toMatchObject({ ok: false });
  });

  it('is found out when events were left out or added with everything but the signature made anew', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(log.entries.length - 1),
        fc.constantFrom('event', 'foreign'),
        async (at, entry) => {
          const forged = new TestLog(log.entries.with(at, entry as Entry));
          fc.pre(forged.entries[at] !== log.entries[at]);
          const changed = [...forged.lines(format).slice(0, -1), lines.at(-1)!];
          expect(await verify(fileOf(changed))).toMatchObject({ ok: false, line: changed.length });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is found out when the log would not have signed what is in it', async () => {
    const forged = new TestLog(log.entries, 'another ').lines(format, { checkpoint: log.checkpoint() });
    expect(await verify(fileOf(forged))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('root') as string,
    });
  });
});

describe('an export', () => {
  const lines = (over = {}) => fileOf(log.lines('ndjson', over));

  it('of nothing proves that it is whole', async () => {
    const nothing = new TestLog(['foreign', 'foreign', 'foreign']);
    for (const format of formats)
      expect(await verify(fileOf(nothing.lines(format)))).toMatchObject({ ok: true, manifest: { count: 0 } });
  });

  it('of a subject holds messages behind the events', async () => {
    const message = { kind: 'message', message: '{"messageId":"m","payload":{"a":[1]}}' } as const;
    const records = [...log.records(), message, message];
    expect(await verify(fileOf(log.lines('ndjson', {}, records)))).toMatchObject({
      ...{ ok: true, manifest: { messages: 2 } },
    });
    const mixed = [message, ...log.records()];
    expect(await verify(fileOf(log.lines('ndjson', {}, mixed)))).toMatchObject({ ok: false, line: 2 });
  });

  it('is that of the log whose key is given, and no other', async () => {
    expect(await verify(lines(), { vkey: formatVerifierKey(signerOf(2)) })).toMatchObject({ ok: false });
    expect(await verify(lines(), { vkey: 'nonsense' })).toMatchObject({ ok: false, line: null });
    expect(await verify(lines({ checkpoint: log.checkpoint(undefined, 2) }))).toMatchObject({ ok: false });
  });

  it('says of itself what is so', async () => {
    for (const over of [
      { count: 3 },
      { first: 1 },
      { last: null },
      { messages: 1 },
      { format: 'ecs' as const },
      { gap: [] },
    ])
      expect([over, await verify(lines(over))]).toMatchObject([over, { ok: false }]);
  });

  it('continues an older checkpoint when that was asked for', async () => {
    for (const size of [1, 5, 16, log.entries.length]) {
      const file = lines({ consistency: log.consistencySince(size) });
      expect(await verify(file, { checkpoint: log.checkpoint(size) })).toMatchObject({ ok: true });
      const forked = new TestLog(log.entries, 'fork ').checkpoint(size);
      expect(await verify(file, { checkpoint: forked })).toMatchObject({ ok: false });
    }
  });

  it('says what to do when it was not, and does not continue a larger log', async () => {
    expect(await verify(lines(), { checkpoint: log.checkpoint(5) })).toMatchObject({
      ...{ ok: false, reason: expect.stringContaining('since=5') as string },
    });
    const larger = new TestLog([...log.entries, 'event']).checkpoint();
    expect(await verify(lines(), { checkpoint: larger })).toMatchObject({
      ...{ ok: false, reason: expect.stringContaining('larger log') as string },
    });
  });

  it('needs no more memory than a line', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1_048_576, 'x');
    }
    expect(await verifyExport(endless(), { vkey })).toMatchObject({ ok: false, line: 1 });
  });
});

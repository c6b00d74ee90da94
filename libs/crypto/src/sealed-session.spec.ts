import fc from 'fast-check';
import { AeadError } from './aead';
import { utf8 } from './bytes';
import { deriveSession, type SealedFrame, type SealedSession, type SessionAgreement } from './sealed-session';

const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const agreement: SessionAgreement = {
  shared: filled(1),
  callerKey: filled(2),
  serviceKey: filled(3),
  transcript: utf8('transcript'),
};
const bothEnds = (
  about: Partial<SessionAgreement> = {},
): { caller: SealedSession; service: SealedSession } => ({
  caller: deriveSession({ ...agreement, ...about }, 'caller'),
  service: deriveSession({ ...agreement, ...about }, 'service'),
});
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('both ends of a session', () => {
  it('have one id and open what the other seals', () => {
    const { caller, service } = bothEnds();
    expect(caller.id).toBe(service.id);
    expect(text(service.open(caller.seal(utf8('question'))))).toBe('question');
    expect(text(caller.open(service.seal(utf8('answer'))))).toBe('answer');
  });

  it('exchange any bytes in any number', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array()), { maxLength: 20 }), (messages) => {
        const { caller, service } = bothEnds();
        for (const [fromCaller, bytes] of messages) {
          const [sender, receiver] = fromCaller ? [caller, service] : [service, caller];
          expect(receiver.open(sender.seal(bytes))).toEqual(bytes);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('count their frames from 1, and the sequence is the nonce', () => {
    const { caller } = bothEnds();
    expect(caller.framesSent).toBe(0);
    const frames = [caller.seal(utf8('a')), caller.seal(utf8('a'))];
    expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(frames.map(({ box }) => Buffer.from(box.subarray(0, 12)).readBigUInt64BE(4))).toEqual([1n, 2n]);
    expect(caller.framesSent).toBe(2);
  });

  it('never open their own frames: each direction has its key', () => {
    const { caller, service } = bothEnds();
    expect(() => caller.open(caller.seal(utf8('a')))).toThrow(AeadError);
    expect(() => service.open(service.seal(utf8('a')))).toThrow(AeadError);
  });
});

describe('a frame', () => {
  it('that comes twice is refused the second time', () => {
    const { caller, service } = bothEnds();
    const frame = caller.seal(utf8('pay'));
    service.open(frame);
    expect(() => service.open(frame)).toThrow(AeadError);
  });

  it('that comes after a later one is refused, and the session goes on', () => {
    const { caller, service } = bothEnds();
    const [first, second, third] = ['1', '2', '3'].map((n) => caller.seal(utf8(n))) as [
      SealedFrame,
      SealedFrame,
      SealedFrame,
    ];
    expect(text(service.open(second))).toBe('2');
    expect(() => service.open(first)).toThrow(AeadError);
    expect(text(service.open(third))).toBe('3');
  });

  it('of another number than it was sealed with is refused', () => {
    const { caller, service } = bothEnds();
    const { box } = caller.seal(utf8('a'));
    for (const sequence of [2, 3, 0, -1, 1.5, NaN, Infinity, 2 ** 53])
      expect(() => service.open({ sequence, box })).toThrow(AeadError);
    expect(text(service.open({ sequence: 1, box }))).toBe('a');
  });

  it('with any changed byte is refused, and the frame itself still opens', () => {
    const change = fc.record({ at: fc.nat(), difference: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), change, (bytes, { at, difference }) => {
        const { caller, service } = bothEnds();
        const { sequence, box } = caller.seal(bytes);
        const altered = box.map((byte, i) => (i === at % box.length ? byte ^ difference : byte));
        expect(() => service.open({ sequence, box: altered })).toThrow(AeadError);
        expect(service.open({ sequence, box })).toEqual(bytes);
      }),
    );
  });

  it('that was cut is refused', () => {
    const { caller, service } = bothEnds();
    const { sequence, box } = caller.seal(utf8('abc'));
    for (let length = 0; length < box.byteLength; length++)
      expect(() => service.open({ sequence, box: box.subarray(0, length) })).toThrow(AeadError);
  });
});

describe('a session that differs', () => {
  it.each([
    ['in the shared secret', { shared: filled(9) }],
    ['in the key of the caller', { callerKey: filled(9) }],
    ['in the key of the service', { serviceKey: filled(9) }],
    ['in the transcript', { transcript: utf8('transcripT') }],
  ])('%s opens nothing', (_, difference) => {
    const frame = bothEnds().caller.seal(utf8('secret'));
    const { service, caller } = bothEnds(difference);
    expect(() => service.open(frame)).toThrow(AeadError);
    expect(() => caller.open(frame)).toThrow(AeadError);
  });
});

import { concatBytes } from '@concordat/crypto';
import fc from 'fast-check';
import {
  bindingBytes,
  bindingOf,
  boundEvent,
  boundMessage,
  type EventColumns,
  type MessageColumns,
  splitBody,
} from './row-binding';

const key = new Uint8Array(32).fill(1);
const text = fc.string({ unit: 'binary' });
const nullable = fc.option(text);
const anyEvent: fc.Arbitrary<EventColumns> = fc.record({
  ...{ tenant: text, eventId: text, subject: text, actor: text, keyId: text },
  ...{ correlationId: nullable, traceId: nullable },
});
const anyMessage: fc.Arbitrary<MessageColumns> = fc.record({
  ...{ tenant: text, messageId: text, from: text, to: text, type: text, priority: text, payload: text },
  ...{ correlationId: nullable, replyTo: nullable, payloadKeyId: text, ttlSeconds: fc.option(fc.nat()) },
});
const box = new Uint8Array(40).fill(9);

describe('what binds the columns of a row', () => {
  it('stands before the ciphertext, and is none of it', () => {
    fc.assert(
      fc.property(anyEvent, fc.option(anyMessage), (event, message) => {
        const binding = bindingOf(key, event, message);
        expect(binding.byteLength).toBe(bindingBytes);
        expect(splitBody(concatBytes(binding, box))).toEqual({ binding, box });
      }),
    );
    expect(splitBody(box)).toEqual({ binding: new Uint8Array(), box });
  });

  it('is that of these columns and of no others, nor of another key', () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, anyMessage, anyMessage, (event, other, message, another) => {
        const body = concatBytes(bindingOf(key, event, message), box);
        expect([boundEvent(key, body, event), boundMessage(key, body, message)]).toEqual(['bound', 'bound']);
        expect(boundEvent(new Uint8Array(32), body, event)).toBe('other');
        for (const name of Object.keys(event) as (keyof EventColumns)[])
          if (event[name] !== other[name])
            expect(boundEvent(key, body, { ...event, [name]: other[name] })).toBe('other');
        for (const name of Object.keys(message) as (keyof MessageColumns)[])
          if (message[name] !== another[name])
            expect(boundMessage(key, body, { ...message, [name]: another[name] })).toBe('other');
      }),
    );
  });

  it('binds no message where the event accepts none, and nothing in a body from before', () => {
    fc.assert(
      fc.property(anyEvent, anyMessage, (event, message) => {
        const body = concatBytes(bindingOf(key, event, null), box);
        expect(boundMessage(key, body, message)).toBe('other');
        expect([boundEvent(key, box, event), boundMessage(key, box, message)]).toEqual([
          'unbound',
          'unbound',
        ]);
      }),
    );
  });
});

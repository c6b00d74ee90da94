import { AgentErased, type EventEnvelope, origin } from '@concordat/contracts';
import { AeadError, buildLeaf, canonicalJson, sha256, toBase64url } from '@concordat/crypto';
import { memoryKeystore } from '@concordat/keystore';
import fc from 'fast-check';
import { EventSealer } from './event-sealer';
import { sealEvent, sealPayload } from './sealed-event';
import { dataOf, eventText, traceIdOf } from './event-text';

const envelope: EventEnvelope = {
  id: 'bus.1:1763640000000:7',
  type: 'concordat.bus.message.accepted.v1',
  source: '/concordat/bus.1',
  subject: 'did:key:zAlice',
  time: '2026-01-01T00:00:00.000Z',
  tenant: 'default',
  actor: 'agent:did:key:zAlice',
  stream: 'message/msg-1',
  version: 0,
  correlation: 'order-42',
  traceparent: null,
  data: '{"text":"Zürich \\u0000"}',
  at: { epoch: 1_763_640_000_000, position: 7 },
  prev: origin,
  prevHash: null,
  hash: null,
  signatures: [],
};

describe('the text of an event', () => {
  it('is the published event in canonical JSON (golden value)', () => {
    expect(eventText(envelope)).toBe(
      '{"actor":"agent:did:key:zAlice","at":"1763640000000-7","correlation":"order-42",' +
        '"data":"{\\"text\\":\\"Zürich \\\\u0000\\"}","hash":null,"id":"bus.1:1763640000000:7","prev":"0-0","prevHash":null,' +
        '"signatures":[],"source":"/concordat/bus.1","stream":"message/msg-1","subject":"did:key:zAlice","tenant":"default",' +
        '"time":"2026-01-01T00:00:00.000Z","traceparent":null,"type":"concordat.bus.message.accepted.v1","version":0}',
    );
  });

  it('is canonical whatever stands in it, and leaves nothing out', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, fc.nat(), (subject, data, version) => {
        const written = eventText({
          ...{ ...envelope, subject, data, version },
          signatures: [{ value: 'AA', kid: 'k', alg: 'Ed25519' }],
        });
        expect(canonicalJson(JSON.parse(written))).toBe(written);
        expect(Object.keys(JSON.parse(written) as object)).toEqual(Object.keys(envelope).sort());
      }),
    );
  });

  it('gives back the data', () => expect(dataOf(eventText(envelope))).toEqual({ text: 'Zürich \u0000' }));
});

describe('a trace id', () => {
  it('is read from a traceparent, and from nothing else', () => {
    const id = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(traceIdOf(`00-${id}-00f067aa0ba902b7-01`)).toBe(id);
    for (const bad of [null, '', 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-${id}`])
      expect(traceIdOf(bad)).toBeNull();
  });
});

describe('a sealed event', () => {
  const keystore = memoryKeystore();
  const sealer = new EventSealer(keystore);
  const keyOf = async (event: EventEnvelope) => (await sealer.keysOf([event]))(event);
  const seal = async (event: EventEnvelope) => sealEvent(await keyOf(event), event);

  it('opens to its text and the salt of its leaf', async () => {
    const { body, leaf } = await seal(envelope);
    const { salt, event } = (await sealer.open('default', envelope.id, body))!;
    expect(event).toBe(eventText(envelope));
    expect(toBase64url(buildLeaf({ ...envelope, event, salt, body: sha256(body.box) }))).toBe(
      toBase64url(leaf),
    );
  });

  it('opens nowhere else, and not when any bit was changed', async () => {
    const { body } = await seal(envelope);
    await expect(sealer.open('default', 'bus.1:1:8', body)).rejects.toThrow(AeadError);
    expect(await sealer.open('other', envelope.id, body)).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(fc.nat(body.box.byteLength - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const box = Uint8Array.from(body.box);
        box[at]! ^= 1 << bit;
        await expect(sealer.open('default', envelope.id, { ...body, box })).rejects.toThrow(AeadError);
      }),
      { numRuns: 50 },
    );
  });

  it('has another salt than every other event, also of the same subject', async () => {
    const salts = await Promise.all(
      ['bus.1:1:1', 'bus.1:1:2'].map(async (id) => {
        const { body } = await seal({ ...envelope, id });
        return toBase64url((await sealer.open('default', id, body))!.salt);
      }),
    );
    expect(new Set(salts).size).toBe(2);
  });

  it('is forgotten, payloads included, when the key of its subject is destroyed; others stay', async () => {
    const bob = { ...envelope, subject: 'did:key:zBob', id: 'bus.1:1:3' };
    const [alices, bobs] = [await seal(envelope), await seal(bob)];
    const payload = sealPayload(await keyOf(envelope), 'default', 'msg-1', { a: 1 });
    expect(await sealer.openPayload('default', 'msg-1', payload)).toEqual({ a: 1 });
    await keystore.destroy('default', [`subject/${envelope.subject}`]);
    expect(await sealer.open('default', envelope.id, alices.body)).toBeUndefined();
    expect(await sealer.openPayload('default', 'msg-1', payload)).toBeNull();
    expect(await sealer.open('default', bob.id, bobs.body)).toBeDefined();
  });

  it('stays open when it is the erasure of its subject, as only iam-service orders it', async () => {
    const over = { type: AgentErased.type, subject: 'did:key:zCarol', id: 'iam:1:1' };
    const erasure = { ...envelope, ...over, source: '/concordat/iam' };
    const pretended = { ...erasure, source: '/concordat/iam.feed', id: 'iam.feed:1:1' };
    const [real, forged] = [await seal(erasure), await seal(pretended)];
    for (let i = 0; i < 2; i++) await sealer.forget('default', erasure.subject);
    expect(await sealer.open('default', erasure.id, real.body)).toMatchObject({ event: eventText(erasure) });
    expect(await sealer.open('default', pretended.id, forged.body)).toBeUndefined();
  });

  it('is sealed under a fresh key when it comes after the erasure of its subject', async () => {
    const before = await seal(envelope);
    await sealer.forget('default', envelope.subject);
    const after = await seal(envelope);
    expect(after.body.keyId).not.toBe(before.body.keyId);
    expect(await sealer.open('default', envelope.id, before.body)).toBeUndefined();
    expect(await sealer.open('default', envelope.id, after.body)).toBeDefined();
  });
});

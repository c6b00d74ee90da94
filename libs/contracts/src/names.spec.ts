import type { z } from 'zod';
import * as names from './names';

const someDid = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const someWebDid = 'did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff';
const uuid7 = '0199f1c2-7b3a-7c4d-8e5f-0123456789ab';

const cases: { name: string; schema: z.ZodType; accepts: unknown[]; refuses: unknown[] }[] = [
  {
    name: 'tenantId',
    schema: names.tenantId,
    accepts: ['default', 'a', '0', 'acme-2', 'a-', 'a'.repeat(63)],
    refuses: ['', '-a', 'Acme', 'a_b', 'a.b', 'a/b', 'a:b', 'ä', 'a'.repeat(64), 'a\n', ' a', 7, null],
  },
  {
    name: 'did',
    schema: names.did,
    // The smallest and the largest key there could be begin alike, hence the pattern.
    accepts: [
      someDid,
      'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP',
      'did:key:z6MkwgaR63138bEEgad7uk993KMX54vBA6KTB4sFhCPnSB2e',
      someWebDid,
      someWebDid.replace('localhost%3A7400', 'agents.example.org'),
      someWebDid.replace('localhost%3A7400', 'a'),
    ],
    refuses: [
      '',
      someDid.slice(0, -1),
      `${someDid}1`,
      `${someDid}\n`,
      ` ${someDid}`,
      someDid.replace('p', '0'),
      `${someDid.slice(0, -1)}0`,
      `${someDid.slice(0, -1)}l`,
      someDid.replace('z6Mk', 'z6LS'),
      someDid.replace('did:key', 'did:web'),
      someDid.toUpperCase(),
      `${someDid}#key-1`,
      'anonymous',
      `${someWebDid}\n`,
      `${someWebDid}#key-1`,
      `${someWebDid}/..`,
      someWebDid.replace('%3A', ':'),
      someWebDid.replace('%3A', '%3a'),
      someWebDid.replace('%3A7400', '%3A0'),
      someWebDid.replace('localhost', 'Localhost'),
      someWebDid.replace('localhost', '%6cocalhost'),
      someWebDid.replace('localhost', 'user@host'),
      someWebDid.replace('localhost', '-host'),
      someWebDid.replace('localhost', 'a'.repeat(101)),
      someWebDid.replace(':agents:', ':'),
      someWebDid.replace('default', '-default'),
      someWebDid.toUpperCase(),
      someWebDid.slice(0, -1),
      'did:web:example.org',
    ],
  },
  {
    name: 'displayName',
    schema: names.displayName,
    accepts: ['Ada', 'Ada Lovelace — Ünal 艾达 🙂', "O'Neill <x>", 'a'.repeat(128)],
    refuses: [
      '',
      ' ',
      'a'.repeat(129),
      'a\nb',
      'a\u001b[2Jb',
      'a\u0000',
      'a\u009bb',
      'a\u2028b',
      'a\u2029b',
      7,
      null,
    ],
  },
  {
    name: 'messageId',
    schema: names.messageId,
    accepts: [`msg-1-3-${uuid7}`, `msg-999999-9999-${uuid7}`, `msg-0-0-${uuid7}`],
    refuses: [
      '',
      uuid7,
      `msg-1-${uuid7}`,
      `msg-1000000-3-${uuid7}`,
      `msg-1-10000-${uuid7}`,
      `msg-1-3-${uuid7.toUpperCase()}`,
      `msg-1-3-${uuid7.replace('-7c', '-4c')}`,
      `msg-1-3-${uuid7.replace('-8e', '-ce')}`,
      `msg-1-3-${uuid7}0`,
      `msg-1-3-${uuid7}\n`,
      `msg--1-3-${uuid7}`,
    ],
  },
  {
    name: 'memoryKey',
    schema: names.memoryKey,
    accepts: ['a', '0', '_private', 'notes.2025-11-20', 'a~b', 'A..b', 'a'.repeat(128)],
    refuses: [
      '',
      '.',
      '..',
      '.hidden',
      '-a',
      '~a',
      'a/b',
      'a\\b',
      'a b',
      'a%2fb',
      'ä',
      'a:b',
      'a\n',
      'a'.repeat(129),
    ],
  },
  {
    name: 'correlationId',
    schema: names.correlationId,
    accepts: ['a', 'order/42:1', '{x}', '~!', 'a'.repeat(128)],
    refuses: ['', 'a b', 'a\tb', 'a\nb', 'é', '\u0000', 'a'.repeat(129)],
  },
  {
    name: 'persona',
    schema: names.persona,
    accepts: [someDid, 'communal'],
    refuses: ['', 'Communal', 'anybody', 'communal '],
  },
  {
    name: 'timestamp',
    schema: names.timestamp,
    accepts: ['2025-11-20T13:42:01Z', '2025-11-20T13:42:01.123Z', '2024-02-29T00:00:00Z'],
    refuses: [
      '',
      '2025-11-20',
      '2025-11-20T13:42:01',
      '2025-11-20T13:42Z',
      '2025-11-20T13:42:01+01:00',
      '2025-11-20 13:42:01Z',
      '2025-02-29T00:00:00Z',
      '2025-13-01T00:00:00Z',
      '2025-11-20T24:00:00Z',
      '2025-11-20T13:42:01Z\n',
      1763646121,
    ],
  },
  {
    name: 'agentType',
    schema: names.agentType,
    accepts: [...names.builtInAgentTypes, 'GPT', 'MY_AGENT_2', 'A'.repeat(32)],
    refuses: ['', 'A', 'claude', '2GPT', '_GPT', 'G PT', 'toString', 'A'.repeat(33), 'GPT\n', 7],
  },
  {
    name: 'webDomain',
    schema: names.webDomain,
    accepts: ['localhost:7400', 'agents.example.org', 'a', 'h:1'],
    refuses: [
      '',
      'https://example.org',
      'example.org/',
      'Example.org',
      'a:0',
      'a:',
      'a%3A1',
      'u@h',
      '.a',
      'a\n',
    ],
  },
  {
    name: 'relationshipType',
    schema: names.relationshipType,
    accepts: ['owner', 'on-behalf-of', 'x'],
    refuses: ['', 'Owner', '-owner', 'o wner', 'a'.repeat(33), 'owner\n'],
  },
  {
    name: 'scope',
    schema: names.scope,
    accepts: ['read', 'write', 'admin', 'governance', 'workflows'],
    refuses: ['', 'READ', 'root', '*'],
  },
  {
    name: 'jsonObject',
    schema: names.jsonObject,
    accepts: [{}, { a: [1, 'x', null, { b: true }] }],
    refuses: [[], null, 'x', 1, { a: undefined }, { a: NaN }, { a: new Date(0) }, { a: 1n }],
  },
];

describe.each(cases)('$name', ({ schema, accepts, refuses }) => {
  it.each(accepts.map((value) => ({ value })))('accepts $value unchanged', ({ value }) => {
    expect(schema.parse(value)).toEqual(value);
  });

  it.each(refuses.map((value) => ({ value })))('refuses $value', ({ value }) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

import fc from 'fast-check';
import { ed25519PublicKey } from './ed25519';
import {
  formatCheckpoint,
  formatVerifierKey,
  noteSigner,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  signNote,
} from './signed-note';

const signerOf = (name: string, seed: number) => {
  const secretKey = new Uint8Array(32).fill(seed);
  return noteSigner(name, { secretKey, publicKey: ed25519PublicKey(secretKey) });
};
const log = signerOf('example.org/log', 1);
const witness = signerOf('example.org/witness', 2);

/** The note of the documentation and tests of golang.org/x/mod/sumdb/note, signed once and twice. */
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const enoch = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const text =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n";
const byPeter =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const byEnoch =
  '\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';

describe('the published note of golang.org/x/mod/sumdb/note', () => {
  it('opens with the key of its signer', () => {
    expect(openNote(`${text}\n${byPeter}`, parseVerifierKey(peter))).toBe(text);
  });

  it('signed twice opens with either key', () => {
    const note = `${text}\n${byPeter}${byEnoch}`;
    expect(openNote(note, parseVerifierKey(peter))).toBe(text);
    expect(openNote(note, parseVerifierKey(enoch))).toBe(text);
  });

  it('is made again from the published secret key', () => {
    const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
    const { publicKey } = parseVerifierKey(peter);
    expect(signNote(text, noteSigner('PeterNeumann', { secretKey: seed, publicKey }))).toBe(
      `${text}\n${byPeter}`,
    );
  });

  it.each([peter, enoch])('its verifier key %s comes back as it was', (key) => {
    expect(formatVerifierKey(parseVerifierKey(key))).toBe(key);
  });
});

describe('a signed note', () => {
  const texts = fc
    .array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 5 })
    .map((lines) => `${lines.join('\n')}\n`)
    .filter((value) => !/[\u0000-\u0009\u000b-\u001f]/.test(value));

  it('opens to the text that was signed, blank lines and all', () => {
    fc.assert(
      fc.property(texts, (value) => {
        expect(openNote(signNote(value, log), log)).toBe(value);
      }),
    );
    expect(openNote(signNote('a\n\n\nb\n\n', log), log)).toBe('a\n\n\nb\n\n');
  });

  it('is refused after any changed, added or removed character', () => {
    const note = signNote('one line\nand a second, \ufffd\n', log);
    const characters = fc.constantFrom(
      '\n',
      ' ',
      'A',
      'b',
      '0',
      '+',
      '=',
      '\u2014',
      '\u0000',
      '\r',
      '\ud800',
      '\ufffd',
    );
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.constantFrom(0, 1), characters, (at, removed, character) => {
        const altered = note.slice(0, at) + character + note.slice(at + removed);
        fc.pre(altered !== note);
        expect(() => openNote(altered, log)).toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  it('with a lone surrogate where U+FFFD was signed is refused, though both encode alike', () => {
    const note = signNote('\ufffd\n', log);
    expect(() => openNote(note.replace('\ufffd', '\ud800'), log)).toThrow('not a signed note');
  });

  it('of an unknown key is refused', () => {
    expect(() => openNote(signNote('text\n', log), witness)).toThrow('no signature');
    expect(() => openNote(signNote('text\n', log), signerOf(log.name, 2))).toThrow('no signature');
  });

  it('with a wrong signature in the name of the key is refused, even beside a right one', () => {
    const right = signNote('text\n', log);
    const wrong = signNote('other\n', log).split('\n\n')[1]!;
    expect(() => openNote(`${right}${wrong}`, log)).toThrow('is wrong');
    expect(() => openNote(`text\n\n${wrong}`, log)).toThrow('is wrong');
  });

  it('with signatures of others beside its own opens', () => {
    const other = signNote('text\n', witness).split('\n\n')[1]!;
    expect(openNote(`${signNote('text\n', log)}${other}`, log)).toBe('text\n');
  });

  it('opens with 100 signatures and is refused with more', () => {
    const [body, line] = signNote('text\n', log).split('\n\n') as [string, string];
    const others = signNote('text\n', witness).split('\n\n')[1]!;
    expect(openNote(`${body}\n\n${line}${others.repeat(99)}`, log)).toBe('text\n');
    expect(() => openNote(`${body}\n\n${line}${others.repeat(100)}`, log)).toThrow('at most 100');
  });

  it.each([
    ['no blank line', 'text\n\u2014 a AAAAAAA=\n'],
    ['no signature', 'text\n\n'],
    ['no newline at its end', signNote('text\n', log).slice(0, -1)],
    ['a hyphen for the dash', signNote('text\n', log).replace('\u2014', '-')],
    ['a blank in front', `${signNote('text\n', log)} `],
    ['base64url', signNote('text\n', log).replace(/[+/]/g, '-')],
    ['nothing', ''],
    ['more than a million bytes', signNote(`${'a'.repeat(1_000_000)}\n`, log)],
  ])('with %s is refused', (_, note) => {
    expect(() => openNote(note, log)).toThrow();
  });

  it.each(['text', '', 'tab\there\n', 'nul\u0000\n', 'carriage\r\n', 'lone \udc00\n'])(
    'is not made of the text %j',
    (value) => {
      expect(() => signNote(value, log)).toThrow();
    },
  );

  it.each(['', 'two words', 'a+b', 'new\nline', 'nul\u0000', 'wide\u2003space'])(
    'has no signer named %j',
    (name) => {
      expect(() => signerOf(name, 1)).toThrow('key name');
    },
  );
});

describe('a verifier key', () => {
  it.each([
    ['another name', peter.replace('Peter', 'Petra')],
    ['another hash', peter.replace('c74f20a3', 'c74f20a4')],
    ['a hash in capitals', peter.replace('c74f20a3', 'C74F20A3')],
    ['another key', peter.replace('ARpc', 'ARpd')],
    ['another algorithm', 'PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['a missing byte', peter.slice(0, -4)],
    ['no hash', 'PeterNeumann+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['nothing', ''],
  ])('with %s is refused', (_, key) => {
    expect(() => parseVerifierKey(key)).toThrow();
  });
});

describe('a checkpoint', () => {
  const root = new Uint8Array(32).fill(0xab);
  const valid = `example.org/log\n7\n${Buffer.from(root).toString('base64')}\n`;

  it('reads as the example of C2SP tlog-checkpoint does', () => {
    const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    const checkpoint = parseCheckpoint(example);
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
    expect(formatCheckpoint(checkpoint)).toBe(example);
  });

  it('comes back from its text', () => {
    const origins = fc.string({ minLength: 1, maxLength: 50 });
    const sizes = fc.oneof(fc.nat(), fc.nat(Number.MAX_SAFE_INTEGER));
    const roots = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(origins, sizes, roots, (origin, size, value) => {
        const checkpoint = { origin, size, root: value };
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  it('may carry extension lines', () => {
    expect(parseCheckpoint(`${valid}extension\n`)).toEqual(parseCheckpoint(valid));
  });

  it.each([
    ['no origin', valid.replace('example.org/log', '')],
    ['a leading zero', valid.replace('\n7\n', '\n07\n')],
    ['a sign', valid.replace('\n7\n', '\n+7\n')],
    ['a size in hex', valid.replace('\n7\n', '\n0x7\n')],
    ['a size beyond 2^53', valid.replace('\n7\n', '\n9007199254740993\n')],
    ['no size', valid.replace('\n7\n', '\n\n')],
    ['a root of 31 bytes', `log\n7\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root without padding', valid.replace('=', '')],
    ['a root in base64url', `log\n7\n${Buffer.alloc(32, 0xff).toString('base64').replaceAll('/', '_')}\n`],
    ['no newline at its end', valid.slice(0, -1)],
    ['an empty extension line', `${valid}\n`],
    ['two lines', 'log\n7\n'],
    ['nothing', ''],
  ])('with %s is refused', (_, value) => {
    expect(() => parseCheckpoint(value)).toThrow('not a checkpoint');
  });

  it('is not made of parts that would read as another', () => {
    expect(() => formatCheckpoint({ origin: 'log\n9', size: 7, root })).toThrow(RangeError);
    expect(() => formatCheckpoint({ origin: '', size: 7, root })).toThrow(RangeError);
    for (const size of [-1, 1.5, NaN, 2 ** 53])
      expect(() => formatCheckpoint({ origin: 'log', size, root })).toThrow(RangeError);
    expect(() => formatCheckpoint({ origin: 'log', size: 7, root: root.subarray(1) })).toThrow(RangeError);
  });
});

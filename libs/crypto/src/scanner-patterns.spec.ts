import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { formatApiKey, parseApiKey } from './api-key';
import { formatRefreshToken, parseRefreshToken } from './refresh-token';

const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'api-keys.md'), 'utf8');
const patterns = [...page.matchAll(/`(\\b\S+\\b)`/g)].map(([, pattern]) => new RegExp(pattern!));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('what docs/api-keys.md tells scanners', () => {
  it('holds vectors that are real ones', () => {
    const [key, token] = [...page.matchAll(/`(cc[kr]_[0-9a-f]+_[0-9a-f]+)`/g)].map(([, text]) => text!);
    expect(parseApiKey(key!)).toEqual({ id: '0001020304050607' });
    expect(parseRefreshToken(token!)?.sessionId).toBe('000102030405060708090a0b0c0d0e0f');
  });

  it('finds every key and every token in whatever text, whole', () => {
    const [apiKey, refreshToken] = patterns;
    const around = fc.constantFrom('', ' ', '"', '=', '\n', '/', '. ');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), around, around, (bytes, before, after) => {
        const { key } = formatApiKey(bytes.slice(0, 40));
        const parts = {
          sessionId: hex(bytes.slice(0, 16)),
          secret: hex(bytes.slice(16, 48)),
          seal: hex(bytes.slice(48)),
        };
        const token = formatRefreshToken(parts);
        expect(apiKey!.exec(before + key + after)?.[0]).toBe(key);
        expect(refreshToken!.exec(before + token + after)?.[0]).toBe(token);
      }),
    );
  });
});

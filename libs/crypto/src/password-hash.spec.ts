import { scryptSync } from 'node:crypto';
import { hashPassword, isWeakerThan, passwordCost, verifyPassword } from './password-hash';

/** Fast enough for a test. */
const cost = { logN: 10, r: 8, p: 1 };
const salt = Uint8Array.from({ length: 16 }, (_, i) => i);

describe('the function underneath', () => {
  it('is scrypt (RFC 7914 §12, third vector)', () => {
    const key = scryptSync('pleaseletmein', 'SodiumChloride', 64, { N: 16_384, r: 8, p: 1 });
    expect(key.toString('hex')).toMatch(/^7023bdcb3afd7348461c06cd81fd38eb/);
  });
});

describe('a hash of a password', () => {
  it('is a PHC string that says how it was made (golden value by Python, hashlib.scrypt)', async () => {
    const hash = await hashPassword('correct horse battery staple', cost, salt);
    expect(hash).toBe(
      '$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2S/AXJlRU',
    );
    expect(await hashPassword('x', cost)).not.toBe(await hashPassword('x', cost));
  });

  it('matches its password and no other', async () => {
    const hash = await hashPassword('correct horse battery staple', cost);
    expect(await verifyPassword('correct horse battery staple', hash)).toBe(true);
    for (const wrong of [
      '',
      'correct horse battery stapl',
      'correct horse battery staple ',
      'Correct horse battery staple',
    ])
      expect(await verifyPassword(wrong, hash)).toBe(false);
  });

  it('matches the password however its characters were composed', async () => {
    const hash = await hashPassword('Zo\u00eb im Caf\u00e9 \u2460', cost);
    expect(await verifyPassword('Zoe\u0308 im Cafe\u0301 1', hash)).toBe(true);
  });

  it('that is none matches nothing', async () => {
    const hash = await hashPassword('x', cost, salt);
    const [, , , ownSalt, own] = hash.split('$');
    const bad = [
      ...['', 'x', hash.slice(1), `${hash}=`, `${hash}\n`, hash.replace('scrypt', 'argon2id')],
      ...[`$scrypt$ln=31,r=8,p=1$${ownSalt}$${own}`, `$scrypt$ln=0,r=8,p=1$${ownSalt}$${own}`],
      ...[`$scrypt$ln=10,r=0,p=1$${ownSalt}$${own}`, `$scrypt$ln=10,r=8,p=99$${ownSalt}$${own}`],
      `$scrypt$ln=10,r=8,p=1$${ownSalt}$`,
    ];
    for (const text of bad) expect([text, await verifyPassword('x', text)]).toEqual([text, false]);
  });

  it('tells when it was made with less work', async () => {
    const hash = await hashPassword('x', cost);
    expect(isWeakerThan(hash, cost)).toBe(false);
    expect(isWeakerThan(hash, passwordCost)).toBe(true);
    expect(isWeakerThan(hash, { logN: 9, r: 8, p: 1 })).toBe(false);
    expect(isWeakerThan('nonsense', cost)).toBe(true);
  });
});

import { isConcordatError } from '@concordat/contracts';
import { administrator, eventually } from '@concordat/testing';
import fc from 'fast-check';
import { newPrincipal, refusalOf, startVault, type VaultBench } from './vault.fixture';

jest.setTimeout(30_000);

describe('vault-service over real Redis and SQLite', () => {
  let vault: VaultBench;
  let keys = 0;
  const newKey = () => `key-${++keys}`;

  beforeAll(async () => {
    vault = await startVault();
  });
  afterAll(() => vault.stop());

  const ada = newPrincipal();
  const own = (key: string) => ({ persona: ada.did, key });
  const asAda = { principal: ada.principal };
  const put = (key: string, content: unknown, ifMatch?: string) =>
    vault.caller.call(
      'memory.put',
      { ...own(key), content: content as string, ...(ifMatch === undefined ? {} : { ifMatch }) },
      asAda,
    );
  const get = (key: string) => vault.caller.call('memory.get', own(key), asAda);
  const remove = (key: string, ifMatch?: string, options: object = {}) =>
    vault.caller.call(
      'memory.delete',
      { ...own(key), ...(ifMatch === undefined ? {} : { ifMatch }) },
      { ...asAda, ...options },
    );

  it('gives back any JSON exactly as it was put', async () => {
    const json = fc
      .jsonValue({ maxDepth: 8, stringUnit: 'binary' })
      .map((value) => JSON.stringify(value))
      // Refused by the parser at the gateway.
      .filter((text) => !text.includes('__proto__'));
    await fc.assert(
      fc.asyncProperty(json, async (text) => {
        const key = newKey();
        const { output: written } = await put(key, JSON.parse(text));
        const { output: read, position } = await get(key);
        expect(read).toEqual({ ...written, content: JSON.parse(text) });
        expect(position!.position).toBeGreaterThan(0);
      }),
      { numRuns: 50, examples: [['null'], ['""'], ['{"":[{}]}'], ['"\\u0000\\ud83d\\ude00"']] },
    );
  });

  it('takes a memory of the largest size that the gateway lets through', async () => {
    const key = newKey();
    const content = Array.from({ length: 9_000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    await put(key, content);
    expect((await get(key)).output.content).toEqual(content);
  });

  it('counts versions, and changes exactly the expected one', async () => {
    const key = newKey();
    const { output: first } = await put(key, 'one', '0');
    expect(first).toMatchObject({ ...own(key), version: 1, author: ada.did });
    expect(await refusalOf(put(key, 'again', '0'))).toMatchObject({ code: 'PRECONDITION_FAILED' });
    const { output: second } = await put(key, 'two', '"1"');
    expect(second).toMatchObject({ version: 2, createdAt: first.createdAt });
    expect(await refusalOf(put(key, 'late', '1'))).toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect((await put(key, 'three')).output.version).toBe(3);
    expect(await refusalOf(remove(key, '2'))).toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect((await get(key)).output).toMatchObject({ version: 3, content: 'three' });
  });

  it('forgets a memory, and goes on counting when it is written anew', async () => {
    const key = newKey();
    expect(await refusalOf(remove(key))).toMatchObject({ code: 'MEMORY_UNKNOWN' });
    await put(key, 'one');
    const { output } = await remove(key, '"1"');
    expect(output).toMatchObject(own(key));
    expect(await refusalOf(get(key))).toMatchObject({ code: 'MEMORY_UNKNOWN' });
    expect(await refusalOf(remove(key))).toMatchObject({ code: 'MEMORY_UNKNOWN' });
    expect(await refusalOf(put(key, 'x', '2'))).toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect((await put(key, 'two', '0')).output.version).toBe(3);
    expect((await get(key)).output.content).toBe('two');
  });

  it('gives a repeated command its first answer, and destroys nothing that came later', async () => {
    const key = newKey();
    const input = { ...own(key), content: 'one' };
    const first = await vault.caller.call('memory.put', input, { ...asAda, commandId: 'p1' });
    const gone = await remove(key, undefined, { commandId: 'd1' });
    await put(key, 'two');
    expect(await vault.caller.call('memory.put', input, { ...asAda, commandId: 'p1' })).toEqual(first);
    expect(await remove(key, undefined, { commandId: 'd1' })).toEqual(gone);
    expect((await get(key)).output).toMatchObject({ version: 3, content: 'two' });
    const other = vault.caller.call('memory.put', { ...input, content: 'x' }, { ...asAda, commandId: 'p1' });
    expect(await refusalOf(other)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('loses no update of fifty writers on one key, and shows none of them an internal error', async () => {
    const persona = 'communal';
    const key = newKey();
    const refusals = new Set<string>();
    const append = async (id: number): Promise<void> => {
      const { principal } = newPrincipal();
      for (;;) {
        const read = await vault.caller.call('memory.get', { persona, key }, { principal }).then(
          ({ output }) => output,
          () => ({ version: 0, content: [] }),
        );
        const content = [...(read.content as number[]), id];
        try {
          const input = { persona, key, content, ifMatch: String(read.version) };
          await vault.caller.call('memory.put', input, { principal });
          return;
        } catch (error) {
          if (!isConcordatError(error)) throw error;
          refusals.add(error.code);
          if (error.code !== 'PRECONDITION_FAILED') throw error;
        }
      }
    };
    const ids = Array.from({ length: 50 }, (_, id) => id);
    await Promise.all(ids.map(append));
    const { output } = await vault.caller.call('memory.get', { persona, key }, asAda);
    expect([...(output.content as number[])].sort((a, b) => a - b)).toEqual(ids);
    expect(output.version).toBe(50);
    expect([...refusals]).toEqual(['PRECONDITION_FAILED']);
  });

  it('accepts fifty writers that expect nothing, each with a version of its own', async () => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, id) => put(key, id)));
    const versions = answers.map(({ output }) => output.version).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('keeps the memories of one name apart, by persona and by tenant', async () => {
    const key = newKey();
    const elsewhere = { principal: { ...ada.principal, tenant: 'other' } };
    await put(key, 'mine');
    await vault.caller.call('memory.put', { persona: 'communal', key, content: 'ours' }, asAda);
    const absent = await refusalOf(vault.caller.call('memory.get', own(key), elsewhere));
    expect(absent).toEqual(await refusalOf(vault.caller.call('memory.get', own(newKey()), elsewhere)));
    expect(absent.code).toBe('MEMORY_UNKNOWN');
    const foreign = vault.caller.call('memory.get', { persona: 'communal', key }, elsewhere);
    expect(await refusalOf(foreign)).toEqual(absent);
    await vault.caller.call('memory.put', { ...own(key), content: 'elsewhere' }, elsewhere);
    expect((await get(key)).output).toMatchObject({ version: 1, content: 'mine' });
  });

  it('names one key differently for every persona and tenant, so that nobody can link them', async () => {
    const key = newKey();
    const write = (persona: string, tenant: string) =>
      vault.caller.call(
        'memory.put',
        { persona, key, content: 1 },
        { principal: { ...ada.principal, tenant } },
      );
    const written = [
      await write(ada.did, 'default'),
      await write('communal', 'default'),
      await write(ada.did, 'third'),
    ];
    const last = written.at(-1)!.position!.position;
    const events = await eventually(async () => {
      const all = (await vault.published('vault')).filter(({ at }) => at.position > last - written.length);
      expect(all).toHaveLength(written.length);
      return all;
    });
    const names = events.map(({ data }) => (JSON.parse(data) as { recordId: string }).recordId);
    expect(new Set(names).size).toBe(written.length);
    for (const { data } of events) {
      expect(JSON.parse(data)).toMatchObject({
        key: { sha256: expect.any(String) as string },
        content: { sha256: expect.any(String) as string },
      });
    }
  });

  it('lets an API key do nothing here, not even as an administrator', async () => {
    const options = { principal: administrator() };
    const asked = [
      vault.caller.call('memory.put', { persona: 'communal', key: 'k', content: 1 }, options),
      vault.caller.call('memory.get', { persona: 'communal', key: 'k' }, options),
      vault.caller.call('memory.delete', { persona: 'communal', key: 'k' }, options),
      vault.caller.call('consent.get', { persona: ada.did, grantee: ada.did }, options),
    ];
    for (const refusal of await Promise.all(asked.map(refusalOf))) expect(refusal.code).toBe('POLICY_DENIED');
  });

  it('answers with positions that it later keeps', async () => {
    const key = newKey();
    const { position } = await put(key, 'one');
    const minPosition = { vault: position! };
    const read = await vault.caller.call('memory.get', own(key), { ...asAda, minPosition });
    expect(read.position).toEqual(position);
    const beyond = { vault: { ...position!, position: position!.position + 1_000 } };
    const options = { ...asAda, minPosition: beyond, isPatient: false };
    const early = vault.caller.call('memory.get', own(key), options);
    expect(await refusalOf(early)).toMatchObject({ code: 'POSITION_NOT_REACHED' });
  });

  it('remembers everything after a restart', async () => {
    const [kept, forgotten] = [newKey(), newKey()];
    await put(kept, { kept: true });
    await put(forgotten, 'x');
    await remove(forgotten);
    const bob = newPrincipal();
    const between = { persona: ada.did, grantee: bob.did };
    const { output: consent } = await vault.caller.call(
      'consent.grant',
      { ...between, scopes: ['read'] },
      asAda,
    );
    const before = await get(kept);
    await vault.restart();
    expect(await get(kept)).toEqual(before);
    expect(await refusalOf(get(forgotten))).toMatchObject({ code: 'MEMORY_UNKNOWN' });
    expect((await vault.caller.call('consent.get', between, asAda)).output).toEqual(consent);
    expect((await put(kept, 'more', '1')).output.version).toBe(2);
  });
});

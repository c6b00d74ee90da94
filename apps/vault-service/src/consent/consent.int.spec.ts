import {
  type EventEnvelope,
  MemoryRead,
  type OperationRequest,
  VaultAccessRefused,
} from '@concordat/contracts';
import { eventually } from '@concordat/testing';
import { newPrincipal, refusalOf, startVault, type VaultBench } from '../vault.fixture';

jest.setTimeout(30_000);

describe('access to the memories of another', () => {
  let vault: VaultBench;
  beforeAll(async () => {
    vault = await startVault();
  });
  afterAll(() => vault.stop());

  type Agent = ReturnType<typeof newPrincipal>;
  const put = ({ principal }: Agent, persona: string, key: string, content: string) =>
    vault.caller.call('memory.put', { persona, key, content }, { principal });
  const get = ({ principal }: Agent, persona: string, key: string, more: { isPatient?: boolean } = {}) =>
    vault.caller.call('memory.get', { persona, key }, { principal, ...more });
  const remove = ({ principal }: Agent, persona: string, key: string) =>
    vault.caller.call('memory.delete', { persona, key }, { principal });
  const grant = (
    { did, principal }: Agent,
    grantee: Agent,
    terms: Pick<OperationRequest<'consent.grant'>, 'scopes' | 'expiresInSeconds'>,
  ) => vault.caller.call('consent.grant', { persona: did, grantee: grantee.did, ...terms }, { principal });
  const withdraw = ({ did, principal }: Agent, grantee: Agent) =>
    vault.caller.call('consent.withdraw', { persona: did, grantee: grantee.did }, { principal });
  const consentOf = ({ principal }: Agent, persona: Agent, grantee: Agent) =>
    vault.caller.call('consent.get', { persona: persona.did, grantee: grantee.did }, { principal });
  /** What the feed holds about an agent right now. */
  const fed = async ({ did }: Agent, type: string): Promise<EventEnvelope[]> =>
    (await vault.published('vault.feed')).filter(
      (event) => event.type === type && event.actor === `agent:${did}`,
    );

  it('needs a consent, and ends with the request after its withdrawal', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await put(ada, ada.did, 'notes', 'hello');
    expect(await refusalOf(get(bob, ada.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' });

    const { output } = await grant(ada, bob, { scopes: ['read'] });
    expect(output).toMatchObject({ persona: ada.did, grantee: bob.did, scopes: ['read'], expiresAt: null });
    expect((await get(bob, ada.did, 'notes')).output.content).toBe('hello');
    expect(await refusalOf(put(bob, ada.did, 'notes', 'x'))).toMatchObject({ code: 'CONSENT_REQUIRED' });
    expect(await refusalOf(get(ada, bob.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' });

    const gone = await withdraw(ada, bob);
    expect(gone.output).toMatchObject({ persona: ada.did, grantee: bob.did });
    expect(await refusalOf(get(bob, ada.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' });
    expect(await refusalOf(withdraw(ada, bob))).toMatchObject({ code: 'CONSENT_UNKNOWN' });
  });

  it('with a consent to write covers writing and deleting, names the author, and does not cover reading', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await grant(ada, bob, { scopes: ['write'] });
    expect((await put(bob, ada.did, 'notes', 'from bob')).output.author).toBe(bob.did);
    expect((await get(ada, ada.did, 'notes')).output).toMatchObject({ author: bob.did, content: 'from bob' });
    expect(await refusalOf(get(bob, ada.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' });
    await remove(bob, ada.did, 'notes');
    expect(await refusalOf(get(ada, ada.did, 'notes'))).toMatchObject({ code: 'MEMORY_UNKNOWN' });
  });

  it('ends for writes that were waiting their turn when it was withdrawn', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await grant(ada, bob, { scopes: ['write'] });
    const writes = Array.from({ length: 200 }, (_, n) => put(bob, ada.did, 'notes', String(n)));
    const answers = Promise.all(writes.map((write) => write.catch((error: unknown) => error)));
    const { position: end } = await withdraw(ada, bob);
    const late = (await answers).filter((answer) => {
      const { position } = answer as Awaited<ReturnType<typeof put>>;
      return position && position.position > end!.position;
    });
    // The one that was being decided while the consent was withdrawn.
    expect(late.length).toBeLessThanOrEqual(1);
  });

  it('follows the terms of the last grant', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await put(ada, ada.did, 'notes', 'hello');
    await grant(ada, bob, { scopes: ['read', 'write'], expiresInSeconds: 60 });
    const { output } = await grant(ada, bob, { scopes: ['write'] });
    expect((await consentOf(bob, ada, bob)).output).toEqual(output);
    expect(await refusalOf(get(bob, ada.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' });
  });

  it('ends when the consent expires, although nobody does anything', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await put(ada, ada.did, 'notes', 'hello');
    const { output } = await grant(ada, bob, { scopes: ['read'], expiresInSeconds: 2 });
    expect(Date.parse(output.expiresAt!) - Date.parse(output.grantedAt)).toBe(2_000);
    expect((await get(bob, ada.did, 'notes')).output.content).toBe('hello');
    await eventually(async () =>
      expect(await refusalOf(get(bob, ada.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' }),
    );
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(output.expiresAt!));
    expect(await refusalOf(consentOf(ada, ada, bob))).toMatchObject({ code: 'CONSENT_UNKNOWN' });
  });

  it('is refused alike for memories that exist, that do not, and that are in another tenant', async () => {
    const [ada, eve, abroad] = [newPrincipal(), newPrincipal(), newPrincipal('other')];
    await put(ada, ada.did, 'notes', 'hello');
    const there = await refusalOf(get(eve, ada.did, 'notes'));
    expect(await refusalOf(get(eve, ada.did, 'nothing'))).toEqual(there);
    expect(await refusalOf(get(eve, newPrincipal().did, 'notes'))).toEqual(there);
    expect(await refusalOf(get(abroad, ada.did, 'notes'))).toEqual(there);
    expect(await refusalOf(put(abroad, ada.did, 'notes', 'x'))).toEqual(there);
    expect(await refusalOf(remove(abroad, ada.did, 'notes'))).toEqual(there);
  });

  it('is not opened by a consent of the same persona in another tenant', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await put(ada, ada.did, 'notes', 'hello');
    const adaAbroad = { ...ada, principal: { ...ada.principal, tenant: 'other' } };
    await grant(adaAbroad, bob, { scopes: ['read'] });
    expect(await refusalOf(get(bob, ada.did, 'notes'))).toMatchObject({ code: 'CONSENT_REQUIRED' });
  });

  it('is granted and withdrawn by the persona only, and never to itself', async () => {
    const [ada, bob, eve] = [newPrincipal(), newPrincipal(), newPrincipal()];
    const between = { persona: ada.did, grantee: bob.did };
    const options = { principal: bob.principal };
    const forged = vault.caller.call('consent.grant', { ...between, scopes: ['read'] }, options);
    expect(await refusalOf(forged)).toMatchObject({ code: 'CONSENT_REQUIRED' });
    expect(await refusalOf(grant(ada, ada, { scopes: ['read'] }))).toMatchObject({ code: 'INPUT_INVALID' });
    await grant(ada, bob, { scopes: ['read'] });
    const byGrantee = vault.caller.call('consent.withdraw', between, options);
    expect(await refusalOf(byGrantee)).toMatchObject({ code: 'CONSENT_REQUIRED' });
    expect(await refusalOf(consentOf(eve, ada, bob))).toEqual(await refusalOf(consentOf(eve, bob, ada)));
    expect(await refusalOf(consentOf(eve, ada, bob))).toMatchObject({ code: 'CONSENT_UNKNOWN' });
    for (const agent of [ada, bob])
      expect((await consentOf(agent, ada, bob)).output.scopes).toEqual(['read']);
  });

  it('is not needed for communal memories, which only their creator deletes', async () => {
    const [ada, bob] = [newPrincipal(), newPrincipal()];
    await put(ada, 'communal', 'board', 'one');
    await put(bob, 'communal', 'board', 'two');
    expect((await get(ada, 'communal', 'board')).output).toMatchObject({ content: 'two', author: bob.did });
    expect(await refusalOf(remove(bob, 'communal', 'board'))).toMatchObject({ code: 'CONSENT_REQUIRED' });
    expect(await fed(bob, VaultAccessRefused.type)).toHaveLength(1);
    await remove(ada, 'communal', 'board');
    expect(await refusalOf(get(bob, 'communal', 'board'))).toMatchObject({ code: 'MEMORY_UNKNOWN' });
  });

  it('leaves every refusal in the feed before it is answered', async () => {
    const [ada, eve] = [newPrincipal(), newPrincipal()];
    const asked = [
      ['memory.get', () => get(eve, ada.did, 'notes')],
      ['memory.put', () => put(eve, ada.did, 'notes', 'x')],
      ['memory.delete', () => remove(eve, ada.did, 'notes')],
      ['consent.get', () => consentOf(eve, ada, newPrincipal())],
    ] as const;
    for (const [operation, ask] of asked) {
      await refusalOf(ask());
      const last = (await fed(eve, VaultAccessRefused.type)).at(-1)!;
      expect(JSON.parse(last.data)).toEqual({ persona: ada.did, operation, reader: eve.did, count: 1 });
    }
  });

  it('leaves every read in the feed before it is answered, and no attempt that found nothing', async () => {
    const ada = newPrincipal();
    await put(ada, ada.did, 'notes', 'hello');
    await refusalOf(get(ada, ada.did, 'nothing'));
    expect(await fed(ada, MemoryRead.type)).toHaveLength(0);
    for (const count of [1, 2, 3]) {
      await get(ada, ada.did, 'notes');
      const reads = await fed(ada, MemoryRead.type);
      expect(reads).toHaveLength(count);
      expect(JSON.parse(reads.at(-1)!.data)).toMatchObject({ persona: ada.did, reader: ada.did, version: 1 });
    }
  });

  it('answers nothing while the feed is frozen: neither content nor refusal', async () => {
    const [ada, eve] = [newPrincipal(), newPrincipal()];
    await put(ada, ada.did, 'notes', 'hello');
    const { durable } = vault.bench.redis;
    durable.suspend();
    try {
      for (const agent of [ada, eve])
        expect(await refusalOf(get(agent, ada.did, 'notes', { isPatient: false }))).toMatchObject({
          code: 'SERVICE_UNAVAILABLE',
        });
      // What needs no feed goes on: the store is here.
      expect((await put(ada, ada.did, 'notes', 'written meanwhile')).output.version).toBe(2);
    } finally {
      durable.resume();
    }
    await eventually(async () =>
      expect((await get(ada, ada.did, 'notes')).output.content).toBe('written meanwhile'),
    );
  });
});

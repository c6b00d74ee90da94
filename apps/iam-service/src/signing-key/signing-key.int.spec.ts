import { limits } from '@concordat/contracts';
import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import { KEYSTORE } from '@concordat/service';
import {
  administrator,
  agentPrincipal,
  type Bench,
  type Caller,
  newAgent,
  redemption,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { startIam } from '../iam.fixture';
import { WithdrawalJob } from '../token/withdrawal.job';
import { SigningKeys } from './signing-keys';

const leadMs = limits.signingKeyLeadSeconds * 1_000;
const tokenMs = (limits.accessTokenSeconds + limits.clockSkewSeconds) * 1_000;

const clockAt = (nowMs: () => number) => ({ nowMs, now: () => new Date(nowMs()) });

describe('the keys that sign tokens, over a real store', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;
  let nowMs: number;
  let keys: SigningKeys;
  const made = async (): Promise<SigningKeys> => {
    const [store, keystore] = [app.get(SqliteEventStore), app.get<Keystore>(KEYSTORE)];
    const [runner, contexts] = [app.get(CommandRunner), app.get(CommandContexts)];
    const found = new SigningKeys({
      db: store.reader,
      keystore,
      runner,
      contexts,
      clock: clockAt(() => nowMs),
    });
    await found.start();
    return found;
  };
  const context = () => app.get(CommandContexts).ofService('iam', 'default');
  const known = async (): Promise<string[]> => {
    const { items } = (await caller.call('directory.snapshot', {})).output;
    return items.flatMap(({ entry }) => (entry.kind === 'signingKey' ? [entry.publicKey.kid] : []));
  };
  beforeEach(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
    nowMs = Date.now();
    keys = await made();
  });
  afterEach(async () => {
    await caller.stop();
    await app.close();
    await bench.stop();
  });

  it('follow one another: announced, then signing, then believed until the last token of theirs has ended', async () => {
    const first = keys.current.kid;
    const { publicKey, activatedAt, signsFrom } = await keys.rotate(context(), false);
    const announcedMs = Date.parse(activatedAt);
    expect(Date.parse(signsFrom) - announcedMs).toBe(leadMs);
    expect((await known()).sort()).toEqual([first, publicKey.kid].sort());
    nowMs = announcedMs + leadMs - 1;
    expect(keys.current.kid).toBe(first);
    nowMs = announcedMs + leadMs;
    expect(keys.current.kid).toBe(publicKey.kid);
    // The same after a start, for it depends on the store and the clock alone.
    expect((await made()).current.kid).toBe(publicKey.kid);
    nowMs = announcedMs + leadMs + tokenMs - 1;
    expect(await keys.retireSuperseded()).toBe(0);
    nowMs += 1;
    expect(await keys.retireSuperseded()).toBe(1);
    expect(await known()).toEqual([publicKey.kid]);
    expect(await keys.retireSuperseded()).toBe(0);
    expect((await made()).current.kid).toBe(publicKey.kid);
  });

  it('are all but the new one retired at once in an emergency, and the new one signs at once', async () => {
    await keys.rotate(context(), false);
    const { publicKey } = await keys.rotate(context(), true);
    expect(keys.current.kid).toBe(publicKey.kid);
    expect(await known()).toEqual([publicKey.kid]);
  });

  it('are turned by an administrator of the default tenant only, and once by one command', async () => {
    const agent = newAgent();
    await caller.call('agent.register', { name: 'a', type: 'CLAUDE', publicKey: agent.publicKeyText });
    const rotate = (tenant: string, commandId = 'r'.repeat(43)) =>
      caller.call(
        'signingKey.rotate',
        { revokePrevious: true },
        { principal: administrator(tenant), commandId },
      );
    await expect(rotate('acme')).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    const { output } = await rotate('default');
    expect((await rotate('default')).output).toEqual(output);
    const { output: token } = await caller.call('handshake.redeem', redemption(agent));
    expect(decodeProtectedHeader(token.accessToken).kid).toBe(output.kid);
    expect(await known()).toEqual([output.kid]);
  });

  it('and what was revoked is in the snapshot until it would have ended anyway', async () => {
    const principal = agentPrincipal(newAgent().did);
    const revoke = (all: boolean) => caller.call('auth.revoke', { all }, { principal });
    expect((await revoke(false)).output.revoked).toBe('token:test');
    const { output, position } = await revoke(true);
    expect(output.revoked).toBe(`before:${principal.id}`);
    const names = async () =>
      (await snapshot()).flatMap((entry) =>
        entry.kind === 'withdrawal' ? [[entry.name, entry.position]] : [],
      );
    const snapshot = async () => {
      const entries = [];
      let cursor: string | undefined;
      do {
        const chunk = (await caller.call('directory.snapshot', cursor === undefined ? {} : { cursor }))
          .output;
        entries.push(...chunk.items.map(({ entry }) => entry));
        cursor = chunk.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return entries;
    };
    expect(await names()).toEqual([
      [`before:${principal.id}`, position],
      ['token:test', expect.anything()],
    ]);
    expect(await app.get(WithdrawalJob).run()).toBe(0);
    const later = clockAt(() => Date.now() + tokenMs + 1_000);
    expect(await new WithdrawalJob(app.get(SqliteEventStore), later, undefined as never).run()).toBe(2);
    expect(await names()).toEqual([]);
  });
});

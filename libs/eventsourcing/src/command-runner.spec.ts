import { AgentRegistered, AgentErased, type AgentEvent, ConcordatError } from '@concordat/contracts';
import { memoryKeystore } from '@concordat/keystore';
import { type CommandContext, CommandRunner } from './command-runner';
import type { Decider } from './decider';
import { MemoryEventStore } from './memory-event-store';

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';

interface State {
  readonly names: readonly (string | null)[];
}
type Command = { readonly name: string } | 'erase' | 'nothing' | 'refuse';

const registered = (name: string): AgentEvent => ({
  type: AgentRegistered.type,
  data: {
    did,
    name,
    agentType: 'SERVICE',
    publicKeys: [{ alg: 'Ed25519', kid: 'k', value: 'AA' }],
    metadata: {},
    controllerDid: null,
    relationshipType: 'owner',
  },
});

const decider: Decider<Command, AgentEvent, State> = {
  initialState: { names: [] },
  decide(command) {
    if (command === 'nothing') return [];
    if (command === 'refuse') throw new ConcordatError('AGENT_REVOKED');
    return command === 'erase' ? [{ type: AgentErased.type, data: { did } }] : [registered(command.name)];
  },
  evolve: (state, event) =>
    event.type === AgentRegistered.type ? { names: [...state.names, event.data.name] } : state,
};
const reading = { ...decider, readsSealedFields: true as const };

describe('the command runner', () => {
  const digest = (text: string) => new Uint8Array(Buffer.from(text.padEnd(32)));
  const context = (id: string | null, text = 'same'): CommandContext => ({
    tenant: 't1',
    actor: 'agent:x',
    time: '2026-01-01T00:00:00.000Z',
    correlation: null,
    traceparent: null,
    command: id === null ? null : { id, digest: digest(text) },
  });
  const run = (command: Command, rules = decider) => ({
    stream: `agent/${did}`,
    decider: rules,
    command,
    projection: () => [],
  });

  function start() {
    const store = new MemoryEventStore('iam');
    const keystore = memoryKeystore();
    return { store, keystore, runner: new CommandRunner(store, keystore) };
  }

  it('appends what was decided and gives the state after it', async () => {
    const { runner, store } = start();
    const outcome = await runner.run(context('1'), run({ name: 'a' }, reading));
    expect(outcome).toEqual({ state: { names: ['a'] }, at: { epoch: 1, position: 1 }, isRepetition: false });
    expect((await store.head()).at).toEqual(outcome.at);
  });

  it('stores personal fields encrypted, and deciders that do not read them get null', async () => {
    const { runner, store, keystore } = start();
    await runner.run(context('1'), run({ name: 'Ada' }));
    expect((await store.eventAt(1))!.data).not.toContain('Ada');
    const fresh = new CommandRunner(store, keystore);
    expect((await fresh.run(context('2'), run('nothing'))).state.names).toEqual([null]);
    expect(
      (await new CommandRunner(store, keystore).run(context('3'), run('nothing', reading))).state.names,
    ).toEqual(['Ada']);
  });

  it('forgets personal fields with their key, in the history too', async () => {
    const { runner, store, keystore } = start();
    await runner.run(context('1'), run({ name: 'Ada' }));
    expect(await keystore.destroy('t1', [`agent/${did}`])).toBe(1);
    expect(
      (await new CommandRunner(store, keystore).run(context('2'), run('nothing', reading))).state.names,
    ).toEqual([null]);
  });

  it('gives a repeated command its first outcome, also after later ones, and appends nothing', async () => {
    const { runner, store } = start();
    const first = await runner.run(context('1'), run({ name: 'a' }, reading));
    await runner.run(context('2'), run({ name: 'b' }, reading));
    const again = await runner.run(context('1'), run({ name: 'a' }, reading));
    expect(again).toEqual({ ...first, isRepetition: true });
    expect((await store.head()).at.position).toBe(2);
  });

  it('remembers a command that changes nothing: sent again later, it still changes nothing', async () => {
    const { runner, store } = start();
    const once = {
      ...reading,
      decide: (command: Command, state: State) =>
        state.names.length === 1 ? [] : reading.decide(command, state),
    };
    await runner.run(context('1'), run({ name: 'a' }, once));
    const idle = await runner.run(context('2'), run({ name: 'b' }, once));
    expect(idle.isRepetition).toBe(false);
    await runner.run(context('3'), run({ name: 'c' }, reading));
    const again = await runner.run(context('2'), run({ name: 'b' }, once));
    expect(again).toEqual({ ...idle, isRepetition: true });
    expect((await store.head()).at.position).toBe(2);
    await expect(runner.run(context('2', 'other'), run('nothing'))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('asks what a command requires when it is new, and not again when it is repeated', async () => {
    const { runner } = start();
    let isAllowed = true;
    const guarded = () => ({
      ...run({ name: 'a' }, reading),
      requires: () => {
        if (!isAllowed) throw new ConcordatError('AGENT_REVOKED');
      },
    });
    const first = await runner.run(context('1'), guarded());
    isAllowed = false;
    expect(await runner.run(context('1'), guarded())).toEqual({ ...first, isRepetition: true });
    await expect(runner.run(context('2'), guarded())).rejects.toMatchObject({ code: 'AGENT_REVOKED' });
  });

  it('carries out a command once that arrives many times at once', async () => {
    const { runner, store } = start();
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => runner.run(context('1'), run({ name: 'a' }))),
    );
    expect(outcomes.filter(({ isRepetition }) => !isRepetition)).toHaveLength(1);
    expect((await store.head()).at.position).toBe(1);
  });

  it('refuses another request under a used id', async () => {
    const { runner } = start();
    await runner.run(context('1'), run({ name: 'a' }));
    await expect(runner.run(context('1', 'other'), run({ name: 'b' }))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('remembers no refusal: the command may succeed later', async () => {
    const { runner, store } = start();
    await expect(runner.run(context('1'), run('refuse'))).rejects.toMatchObject({ code: 'AGENT_REVOKED' });
    expect((await store.head()).at.position).toBe(0);
    expect((await runner.run(context('1'), run({ name: 'a' }))).isRepetition).toBe(false);
  });

  it('decides again when another process was faster, and loses no update', async () => {
    const { runner, store, keystore } = start();
    const other = new CommandRunner(store, keystore);
    const commands = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? runner : other).run(context(String(i)), run({ name: `n${i}` })),
    );
    await Promise.all(commands);
    expect(await store.readStream('t1', `agent/${did}`)).toHaveLength(40);
  });
});

import { ConcordatError, memoryKeyPath, MemoryWritten } from '@concordat/contracts';
import { CommandContexts, CommandRunner, MemoryEventStore, sealData } from '@concordat/eventsourcing';
import { memoryKeystore } from '@concordat/keystore';
import { createLogger, type OperationContext } from '@concordat/runtime';
import { agentPrincipal, newAgent } from '@concordat/testing';
import { memoryHandlers, type MemoryPorts } from './memory.handler';
import type { StoredMemory } from './memory.projection';
import { memoryStream } from './sealed-memory';

const ada = newAgent();
const nowMs = Date.parse('2026-01-01T00:00:00.000Z');
const clock = { now: () => new Date(nowMs), nowMs: () => nowMs };
const input = { persona: ada.did, key: 'notes' };
const context: OperationContext = {
  ...{ operation: 'memory.get', principal: agentPrincipal(ada.did), commandId: null },
  ...{ minPosition: {}, conversation: null, traceparent: null, address: null },
};

/** Handlers around one memory, `hello`. */
async function start(over: Partial<MemoryPorts> = {}) {
  const keystore = memoryKeystore();
  const store = new MemoryEventStore('vault');
  const contexts = new CommandContexts(new Uint8Array(32), clock.now);
  const recordId = contexts.blindName('default', ada.did, input.key);
  const place = { tenant: 'default', stream: memoryStream(ada.did, recordId), version: 1 };
  const facts = { persona: ada.did, recordId, version: 1, generation: 1, author: ada.did };
  const sealed = await sealData(
    MemoryWritten,
    { ...facts, key: input.key, content: 'hello' },
    place,
    keystore,
  );
  const memory: StoredMemory = {
    ...{ ...facts, tenant: 'default', createdAt: 't', updatedAt: 't' },
    ...{ sealedKey: JSON.stringify(sealed['key']), sealedContent: JSON.stringify(sealed['content']) },
  };
  const handlers = memoryHandlers({
    ...{ store, contexts, keystore, clock, runner: new CommandRunner(store, keystore) },
    memories: { find: () => memory },
    consents: { find: () => undefined },
    feed: { append: async () => undefined },
    refusals: { append: async () => undefined },
    logger: createLogger({ service: 'vault-service', instance: 'vault-1', level: 'silent' }),
    ...over,
  });
  return { handlers, keystore, memory };
}

/** A promise that somebody else keeps, or not. */
function gate() {
  const calls: unknown[] = [];
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { calls, open, append: (event: unknown) => (calls.push(event), opened) };
}

const aLittle = () => new Promise((done) => setTimeout(done, 20));

describe('a read', () => {
  it('is answered when the feed has it, and not before', async () => {
    const feed = gate();
    const { handlers } = await start({ feed });
    let isAnswered = false;
    const answer = handlers['memory.get'](input, context).finally(() => (isAnswered = true));
    await aLittle();
    expect([feed.calls.length, isAnswered]).toEqual([1, false]);
    feed.open();
    expect((await answer).output.content).toBe('hello');
  });

  it('is not answered when the feed refuses it', async () => {
    const append = async (): Promise<void> => {
      throw new ConcordatError('OVERLOADED');
    };
    const { handlers } = await start({ feed: { append } });
    await expect(handlers['memory.get'](input, context)).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('finds nothing when the memory was deleted under its hands', async () => {
    const found: (StoredMemory | undefined)[] = [];
    const { handlers, keystore, memory } = await start({ memories: { find: () => found.shift() } });
    found.push(memory, undefined);
    await keystore.destroy('default', memoryKeyPath(ada.did, memory.recordId, 1));
    await expect(handlers['memory.get'](input, context)).rejects.toMatchObject({ code: 'MEMORY_UNKNOWN' });
  });

  it('reports a memory that is there but whose key is lost', async () => {
    const { handlers, keystore } = await start();
    await keystore.destroy('default', [`persona/${ada.did}`]);
    await expect(handlers['memory.get'](input, context)).rejects.toMatchObject({ code: 'MEMORY_DAMAGED' });
  });
});

describe('a refusal', () => {
  const stranger = { ...context, principal: agentPrincipal(newAgent().did) };

  it('is answered when the feed has it, and not before', async () => {
    const refusals = gate();
    const { handlers } = await start({ refusals });
    let isAnswered = false;
    const answer = handlers['memory.get'](input, stranger).finally(() => (isAnswered = true));
    answer.catch(() => undefined);
    await aLittle();
    expect([refusals.calls.length, isAnswered]).toEqual([1, false]);
    refusals.open();
    await expect(answer).rejects.toMatchObject({ code: 'CONSENT_REQUIRED' });
  });

  it('is decided before the memory is looked for', async () => {
    const find = (): never => {
      throw new Error('looked for');
    };
    const { handlers } = await start({ memories: { find } });
    await expect(handlers['memory.get'](input, stranger)).rejects.toMatchObject({ code: 'CONSENT_REQUIRED' });
  });
});

import { join } from 'node:path';
import { defaultTenant } from '@concordat/contracts';
import { generateEd25519, toMultibaseKey } from '@concordat/crypto';
import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import { fileRootKey, openKeystore } from '@concordat/keystore';
import { readMigrations } from '@concordat/sqlite';
import { administrator, closedLoop, type LoadOutcome, openLoop } from '@concordat/testing';
import { agentHandlers } from './agent.handler';
import { AgentCommands } from './agent-commands';
import { AgentQueries } from './agent-queries.projection';

/**
 * A program for `tools/bench`, which forks it: registers agents as the service does, by its handlers, over a store and a
 * keystore of its own, without gateway and Redis. First as many as are wished, then for some seconds as measured ones.
 */
export interface RegistrationTask {
  readonly dataDir: string;
  /** how many there are to be before anything is measured */
  readonly identities: number;
  /** requests under way in the closed loop */
  readonly concurrency: number;
  /** requests of the open loop */
  readonly perSecond: number;
  /** of each loop */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export type RegistrationReport =
  | { readonly kind: 'filled'; readonly count: number }
  | {
      readonly kind: 'done';
      /** as many as it takes */
      readonly closed: LoadOutcome;
      /** at a rate */
      readonly open: LoadOutcome;
      readonly identities: number;
      /** some of those that are registered */
      readonly dids: readonly string[];
    };

const fillConcurrency = 256;
const reportEvery = 5_000;
const sparePerSecond = 4_000;
const sampleSize = 10_000;

function openService(dataDir: string) {
  const now = (): Date => new Date();
  const onFailure = (error: Error): void => {
    throw error;
  };
  const keysFile = join(dataDir, 'keys.db');
  const root = fileRootKey(join(dataDir, 'root.key'), keysFile, () => undefined);
  const keystore = openKeystore({ file: keysFile, root, now: () => now().toISOString(), onFailure });
  const store = new SqliteEventStore({
    file: join(dataDir, 'iam.db'),
    source: 'iam',
    migrations: { room: 'iam', list: readMigrations(join(__dirname, '..', 'migrations')) },
    ...{ now, onFailure },
  });
  const close = async (): Promise<void> => {
    await store.close();
    await keystore.close();
  };
  return { keystore, store, now, close };
}

async function run(
  task: RegistrationTask,
  report: (message: RegistrationReport) => void,
): Promise<RegistrationReport> {
  const { keystore, store, now, close } = openService(task.dataDir);
  const contexts = new CommandContexts((await keystore.obtain('~', ['command-memo'])).key, now);
  const agents = new AgentQueries(store.reader);
  const runner = new CommandRunner(store, keystore);
  const commands = new AgentCommands(runner, contexts, store, agents);
  const reads = store.heavyReads;
  const { 'agent.register': register } = agentHandlers({
    ...{ commands, contexts, store, reads, agents, keystore, didWebDomain: 'localhost%3A7400' },
    // Nobody is erased here.
    receipts: undefined as never,
  });
  const principal = administrator(defaultTenant);
  const dids: string[] = [];
  const one = async (index: number, publicKey: string): Promise<void> => {
    const input = {
      name: `agent ${index}`,
      type: 'SERVICE',
      publicKey,
      didMethod: 'key',
      metadata: { team: 'bench', index },
    } as const;
    const context = {
      principal,
      commandId: `bench-${index}`,
      minPosition: {},
      conversation: null,
      traceparent: null,
      address: null,
    };
    const { output } = await register(input, { operation: 'agent.register', ...context });
    if (dids.length < sampleSize) dids.push(output.did);
    else if (index % 7 === 0) dids[index % sampleSize] = output.did;
  };

  let begun = 0;
  const filler = async (): Promise<void> => {
    while (begun < task.identities) {
      const index = begun++;
      await one(index, newPublicKey());
      if (index > 0 && index % reportEvery === 0) report({ kind: 'filled', count: index });
    }
  };
  await Promise.all(Array.from({ length: fillConcurrency }, filler));

  // Keys are made by agents, not by the service: those of the measured ones are made before.
  const { seconds, warmUpSeconds, concurrency, perSecond } = task;
  const spare = Array.from({ length: Math.ceil((seconds + warmUpSeconds) * sparePerSecond) }, newPublicKey);
  const send = (): Promise<void> => one(begun++, spare.pop() ?? newPublicKey());
  const counts = { count: Math.ceil(perSecond * seconds), warmUp: Math.ceil(perSecond * warmUpSeconds) };
  const open = await openLoop({ perSecond, ...counts, send });
  const closed = await closedLoop({ concurrency, seconds, warmUpSeconds, send });
  await close();
  return { kind: 'done', closed, open, identities: begun, dids };
}

const newPublicKey = (): string => toMultibaseKey(generateEd25519().publicKey);

// Whoever asked has gone, or has been answered.
process.once('disconnect', () => process.exit());
process.once('message', (task: RegistrationTask) => {
  const send = (message: RegistrationReport): void => void process.send!(message);
  void run(task, send).then(
    // Disconnected earlier, it would take what has not been written with it.
    (done) => process.send!(done, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});

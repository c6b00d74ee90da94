import { protoDir, protoFiles } from '@concordat/contracts';
import {
  type ClientDuplexStream,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { loggedInAgents, type LoggedIn } from '../bench-agent';
import { coresOf, cpuMeter } from '../cpu-meter';
import { type BenchPlan, warmUpSecondsOf } from '../plan';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { Acceptances, busConditions, messageTo } from './bus-message';
import { drained } from './drained';
import { rawXaddLimit } from './publish-batch';

type Fields = Record<string, unknown>;
type Stream = ClientDuplexStream<Fields, Fields>;

/** Messages that wait for their answers on one stream. */
const window = 64;
const streamCount = 4;
const refusedMs = 100;
const recipientCount = 32;

const busService = (): ServiceClientConstructor => {
  const options = { includeDirs: [protoDir], longs: Number, oneofs: true };
  const definition = loadPackageDefinition(loadSync(protoFiles, options));
  return (definition['concordat'] as { v1: GrpcObject }).v1['BusService'] as ServiceClientConstructor;
};

/** One message to a message of a bidirectional stream, a window of them under way. */
export async function publishStreams(
  system: System,
  plan: BenchPlan,
  rawPerS: number,
): Promise<BenchResult[]> {
  const Service = busService();
  plan.tell('publishing by gRPC streams');
  const [sender, ...recipients] = await loggedInAgents(system, 'stream', recipientCount + 1);
  const metadata = new Metadata();
  metadata.set('authorization', sender!.credential);
  const client = new Service(system.grpc, credentials.createInsecure());
  const open = (): Stream =>
    (client as unknown as { PublishStream(m: Metadata): Stream }).PublishStream(metadata);
  const conditions = busConditions();
  const accepted = new Acceptances();
  const publishing = new Publishing(recipients, accepted);
  const ended = Promise.all(Array.from({ length: streamCount }, () => publishing.on(open())));
  // A stream that breaks ends the bench at once.
  const pass = (count: number): Promise<unknown> => Promise.race([ended, seconds(count)]);
  await pass(warmUpSecondsOf(plan));
  const used = cpuMeter(system);
  publishing.begin();
  await pass(plan.seconds);
  const outcome = publishing.end();
  const cores = coresOf(used(), outcome.elapsedMs);
  await ended;
  client.close();
  await drained(system, recipients, accepted.count);
  const { samples, p50, p99 } = summaryOf('messages of streams', outcome);
  return [
    result(
      'bus.publish.grpc_stream_per_s',
      (samples * 1_000) / outcome.elapsedMs,
      '1/s',
      {
        ...{
          ...conditions,
          ...accepted.conditions,
          loop: 'closed',
          streams: streamCount,
          windowPerStream: window,
        },
        ...{ recipients: recipientCount, samples, failures: outcome.failures },
        ...{ p50Ms: p50, p99Ms: p99, ...cores, limit: rawXaddLimit },
      },
      rawPerS,
    ),
  ];
}

/** Keeps the windows of some streams full, and counts the answers. */
class Publishing {
  #latenciesMs: number[] = [];
  #failed: string[] = [];
  #begunMs = 0;
  #isEnding = false;
  #next = 0;

  constructor(
    private readonly recipients: readonly LoggedIn[],
    private readonly accepted: Acceptances,
  ) {}

  begin(): void {
    [this.#latenciesMs, this.#failed, this.#begunMs] = [[], [], performance.now()];
  }

  /** What came since the beginning; streams end when what is under way is answered. */
  end() {
    this.#isEnding = true;
    const [firstFailure] = this.#failed;
    return {
      ...{ latenciesMs: this.#latenciesMs.slice(), failures: this.#failed.length },
      elapsedMs: performance.now() - this.#begunMs,
      ...(firstFailure === undefined ? {} : { firstFailure }),
    };
  }

  /** @returns when the stream has ended @throws Error when it was broken off */
  on(stream: Stream): Promise<void> {
    const sentMs = new Map<number, number>();
    const fill = (): void => {
      while (!this.#isEnding && sentMs.size < window) {
        const sequence = this.#next++;
        sentMs.set(sequence, performance.now());
        stream.write({ sequence, request: this.#request(sequence) });
      }
      if (this.#isEnding && sentMs.size === 0) stream.end();
    };
    return new Promise((resolve, reject) => {
      stream.on('data', ({ sequence, response, problem }: Fields) => {
        const latencyMs = performance.now() - sentMs.get(sequence as number)!;
        sentMs.delete(sequence as number);
        if (problem) {
          this.#failed.push(JSON.stringify(problem));
          // Who is refused does not ask again at once.
          setTimeout(fill, refusedMs);
          return;
        }
        this.#latenciesMs.push(latencyMs);
        this.accepted.take(response as Fields);
        fill();
      });
      stream.once('error', reject);
      stream.once('end', resolve);
      fill();
    });
  }

  #request(n: number): Fields {
    const { to, type, payload } = messageTo(this.recipients[n % this.recipients.length]!.did, 'stream', n);
    const fields = {
      run: { stringValue: payload.run },
      n: { numberValue: payload.n },
      text: { stringValue: payload.text },
    };
    return { to, type, payload: { structValue: { fields } } };
  }
}

const seconds = (count: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, count * 1_000));

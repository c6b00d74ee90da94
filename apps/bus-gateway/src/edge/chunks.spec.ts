import { ConcordatError, findOperation } from '@concordat/contracts';
import { openChunks, type ChunkedStream } from './chunks';

const item = (logIndex: number) => ({
  ...{ id: `iam:1:${logIndex}`, type: 't', source: '/concordat/iam', subject: null, actor: null },
  ...{ time: '2026-01-01T00:00:00.000Z', correlationId: null, traceId: null, data: null, logIndex },
});

/** A stream whose service answers what is given, and after that with chunks that hold nothing. */
function streamOf(...answers: (object | Error)[]) {
  const caller = new AbortController();
  const asked: (string | null)[] = [];
  const call = async (_name: string, { place }: { place: string | null }) => {
    asked.push(place);
    const answer = answers[asked.length - 1] ?? { items: [], next: 'on' };
    if (answer instanceof Error) throw answer;
    return { output: answer };
  };
  const close = jest.fn();
  const stream = {
    services: { call },
    open: { signal: caller.signal, close },
    operation: findOperation('audit.stream')!,
    input: {},
    context: () => ({}),
  } as unknown as ChunkedStream;
  return { stream, caller, asked, close };
}

async function taken(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of items) found.push(one);
  return found;
}

describe('a stream that is made of chunks', () => {
  it('gives the items of all chunks in order, and asks for each from the place that the one before names', async () => {
    const { stream, asked } = streamOf({ items: [item(1)], next: 'a' }, { items: [item(2)], next: null });
    expect(await taken(await openChunks(stream))).toEqual([item(1), item(2)]);
    expect(asked).toEqual([null, 'a']);
  });

  it('closes when it is refused', async () => {
    const { stream, close } = streamOf(new ConcordatError('POLICY_DENIED'));
    await expect(openChunks(stream)).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('asks no more once the caller has gone, also when nothing has come and nothing will', async () => {
    const { stream, caller, asked } = streamOf({ items: [], next: 'a' });
    const items = await openChunks(stream);
    const next = items[Symbol.asyncIterator]().next();
    caller.abort();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(asked.length).toBeLessThanOrEqual(2);
  });
});

import { ConcordatError, limits, operations, type Principal } from '@concordat/contracts';
import {
  OperationDispatcher,
  type OperationHandlers,
  parseInput,
  type StreamContext,
} from './operation-dispatcher';

const principal: Principal = { kind: 'anonymous', tenant: 'default', id: 'anonymous', scopes: [] };
const context: Omit<StreamContext, 'operation'> = {
  ...{ principal, commandId: null, minPosition: {}, conversation: null, traceparent: null, address: null },
  ...{ signal: new AbortController().signal, onGrant: () => undefined },
};

describe('the handlers of a service', () => {
  it('that stream where one answer is due, or answer where a stream is / do not compile', () => {
    const stream = async function* (): AsyncGenerator<never> {};
    const answer = () => Promise.resolve({ output: { items: [] }, position: null });
    const wrong: OperationHandlers[] = [
      // @ts-expect-error an answer is no stream
      { 'inbox.subscribe': answer },
      // @ts-expect-error a stream is no answer
      { 'inbox.fetch': stream },
    ];
    const right: OperationHandlers = { 'inbox.fetch': answer, 'inbox.subscribe': stream };
    expect([wrong.length, Object.keys(right).length]).toEqual([2, 2]);
  });

  it('are found by the kind of their operation only', async () => {
    const handlers: OperationHandlers = {
      'inbox.fetch': () => Promise.resolve({ output: { items: [] }, position: null }),
      'inbox.subscribe': async function* () {},
    };
    const dispatcher = new OperationDispatcher(handlers);
    expect(() => dispatcher.stream(operations['inbox.fetch'], {}, context)).toThrow(/ROUTE_UNKNOWN/);
    await expect(dispatcher.dispatch('inbox.subscribe', {}, context)).rejects.toMatchObject({
      code: 'ROUTE_UNKNOWN',
    });
  });

  it('of a stream / let nothing out that the catalogue does not name', async () => {
    const spec = operations['inbox.subscribe'];
    const inputs: unknown[] = [];
    const dispatcher = new OperationDispatcher({
      'inbox.subscribe': async function* (input) {
        inputs.push(input);
        yield { id: 'nothing of the kind' } as never;
      },
    });
    const items = dispatcher.stream(spec, parseInput(spec, {}), context);
    await expect(items[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'ZodError' });
    expect(inputs).toEqual([{ credits: 32, leaseSeconds: 30 }]);
    expect(() => parseInput(spec, { credits: limits.subscriptionCredits + 1 })).toThrow(/INPUT_INVALID/);
  });
});

describe('a stream that is asked for chunk by chunk', () => {
  const asked: unknown[] = [];
  const authorize = jest.fn();
  const dispatcher = new OperationDispatcher(
    {
      'audit.export': (input, place) => {
        asked.push([input, place]);
        return Promise.resolve({ items: [{ lines: 'a\n' }], next: place === null ? '1' : null });
      },
      'audit.subjectExport': () => Promise.resolve({ items: [{ lines: 1 } as never], next: null }),
    },
    authorize,
  );
  const ask = (request: unknown, name = 'audit.export') => dispatcher.dispatch(name, request, context);

  it('is judged like any request, each time', async () => {
    const { output } = await ask({ input: { format: 'cef' }, place: null });
    expect(output).toEqual({ items: [{ lines: 'a\n' }], next: '1' });
    expect((await ask({ input: {}, place: '1' })).output).toMatchObject({ next: null });
    expect(asked).toEqual([
      [{ format: 'cef' }, null],
      [{ format: 'ndjson' }, '1'],
    ]);
    expect(authorize).toHaveBeenCalledTimes(2);
    authorize.mockImplementationOnce(() => {
      throw new ConcordatError('POLICY_DENIED');
    });
    await expect(ask({ input: {}, place: '1' })).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  });

  it('takes no input that the catalogue does not know, and lets no item out that it does not', async () => {
    await expect(ask({ input: { format: 'xml' }, place: null })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    for (const request of [{}, { input: {}, place: 1 }, { input: {}, place: null, more: 1 }])
      await expect(ask(request)).rejects.toMatchObject({ name: 'ZodError' });
    const subject = 'apiKey:1';
    await expect(ask({ input: { subject }, place: null }, 'audit.subjectExport')).rejects.toMatchObject({
      name: 'ZodError',
    });
  });
});

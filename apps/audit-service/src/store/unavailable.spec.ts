import { ConcordatError } from '@concordat/contracts';
import { isDataFault } from './database-fault';
import { within } from './deadline';
import { breakWhenSilent, type PgClient } from './silence';
import { fromDatabaseError, isPassing } from './unavailable';

const sqlError = (code: string): Error => Object.assign(new Error('SELECT 1 - no'), { code });

describe('an error of the database', () => {
  it('passes when the server is away, starting, stopping, frozen or overloaded', () => {
    const codes = [
      '08006',
      '57P01',
      '57P03',
      '57014',
      '53300',
      '55P03',
      '40P01',
      'ECONNREFUSED',
      'ECONNRESET',
    ];
    for (const code of codes) expect(isPassing(sqlError(code))).toBe(true);
    const texts = [
      'Connection terminated unexpectedly',
      'SELECT 1 - Client has encountered a connection error and is not queryable',
      'Knex: Timeout acquiring a connection. The pool is probably full.',
      'SELECT 1 - PostgreSQL said nothing for 1800 ms',
      'timeout expired',
    ];
    for (const text of texts) expect(isPassing(new Error(text))).toBe(true);
    expect(isPassing(new Error('outer', { cause: sqlError('57P01') }))).toBe(true);
  });

  it('is a fault of ours otherwise, and stays what it is', () => {
    for (const error of [new Error('bug'), 'text', undefined]) {
      expect(isPassing(error)).toBe(false);
      expect(fromDatabaseError(error)).toBe(error);
    }
    for (const code of ['23505', '42P01', '22003', '54000']) {
      expect(isPassing(sqlError(code))).toBe(false);
      const fault = fromDatabaseError(new Error('outer', { cause: sqlError(code) }));
      expect(fault).toMatchObject({ name: 'DatabaseFault', code });
      expect(isDataFault(fault)).toBe(/^(22|54)/.test(code));
    }
  });

  it('becomes SERVICE_UNAVAILABLE when it passes; errors that are ours already are left alone', () => {
    expect(fromDatabaseError(sqlError('57P03'))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(fromDatabaseError(new Error('bug', { cause: 'E2BIG' }))).not.toMatchObject({
      name: 'DatabaseFault',
    });
    const ours = new ConcordatError('STORE_REGRESSED');
    expect(fromDatabaseError(ours)).toBe(ours);
  });
});

describe('what is told of an error of the database', () => {
  const told = (error: unknown): string => {
    const { message, stack, cause } = error as Error;
    return [message, stack, ...(cause instanceof Error ? [told(cause)] : [])].join('\n');
  };

  it('is its code and class, or what the driver says, and never a statement with its values', () => {
    const statement = "INSERT INTO t VALUES ('secret')";
    const of = (reason: string, over: object = {}): string =>
      told(fromDatabaseError(Object.assign(new Error(`${statement} - ${reason}`), over)));
    const cases = [
      [of('integer out of range', { code: '22003' }), 'PostgreSQL refuses: 22003 (data exception)'],
      [of('shutting down', { code: '57P01' }), '57P01 (operator intervention)'],
      [of('PostgreSQL said nothing for 1800 ms'), 'said nothing for 1800 ms'],
      [of('connect', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ] as const;
    for (const [text, reason] of cases) {
      expect(text).toContain(reason);
      expect(text).not.toMatch(/INSERT|secret/);
    }
  });
});

describe('a wait', () => {
  it('ends with the task, or with the time', async () => {
    expect(await within(1_000, Promise.resolve(7))).toBe(7);
    await expect(within(1_000, Promise.reject(new Error('x')))).rejects.toThrow('x');
    await expect(within(10, new Promise(() => undefined))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
  });
});

describe('a connection to a server that says nothing', () => {
  const clientThat = (answer: (callback: (error: unknown) => void) => void) => {
    const broken: Error[] = [];
    const client: PgClient = {
      query: (...args) => answer(args.at(-1) as (error: unknown) => void),
      connection: { stream: { destroy: (error) => void broken.push(error) } },
    };
    breakWhenSilent(client, 20);
    return { client, broken };
  };
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it('is broken, so that nobody gets it again', async () => {
    const { client, broken } = clientThat(() => undefined);
    client.query('SELECT 1', () => undefined);
    await sleep(60);
    expect(broken).toMatchObject([{ message: 'PostgreSQL said nothing for 20 ms' }]);
  });

  it('is kept when the answer comes, good or bad', async () => {
    const { client, broken } = clientThat((callback) => callback(new Error('syntax')));
    const answers: unknown[] = [];
    client.query('SELEKT 1', (error: unknown) => answers.push(error));
    await sleep(60);
    expect([answers.length, broken.length]).toEqual([1, 0]);
  });
});

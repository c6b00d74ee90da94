import { isLong } from '../environment';
import { concordat } from '../system';

interface Printed {
  readonly commit: unknown;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly results: readonly {
    readonly name: string;
    readonly value: number;
    readonly unit: string;
    readonly limit?: number;
    readonly ratio?: number;
    readonly conditions: Readonly<Record<string, unknown>>;
  }[];
}

const iam = [
  'iam.register.per_s',
  'iam.register.durable_p99_ms',
  'iam.lookup.p99_ms',
  'iam.login.per_s_per_core',
  'iam.login.p99_ms',
  'iam.recovery_s',
  'iam.rebuild_s',
  'iam.rss_mb',
  'iam.heap_mb',
  'iam.wal_vs_delete_ratio',
  'rpc.echo.per_s',
];

// `bench bus` offers more than a machine with something else to do can take: it is run by hand. The other one takes two
// minutes of both processors: in the long round.
const round = isLong ? describe : describe.skip;

round.each([
  {
    area: 'iam',
    names: iam,
    limited: ['iam.register.per_s', 'iam.register.durable_p99_ms', 'iam.login.per_s_per_core'],
    said: ['lookups a second', 'killing iam-service'],
  },
])('concordat bench $area -o json', ({ area, names, limited, said }) => {
  let printed: Printed;
  let told: string;
  beforeAll(async () => {
    const outcome = await concordat(['bench', area, '-o', 'json', '--seconds', '1', '--identities', '300']);
    told = outcome.stderr;
    expect({ code: outcome.code, told }).toEqual({ code: 0, told });
    // Nothing but the data is on stdout, or this throws.
    printed = JSON.parse(outcome.stdout) as Printed;
  }, 180_000);

  it('prints what it was measured on', () => {
    expect(Object.keys(printed)).toEqual(['commit', 'machine', 'results']);
    expect(printed.machine).toMatchObject({
      cpus: expect.any(Number) as unknown,
      memoryMb: expect.any(Number) as unknown,
      node: process.version,
      redis: expect.stringMatching(/^\d+\.\d+/) as unknown,
      postgres: expect.stringMatching(/^\d+/) as unknown,
    });
  });

  it.each(names)('%s is a figure with its conditions', (name) => {
    const [result, ...more] = printed.results.filter((candidate) => candidate.name === name);
    expect(more).toEqual([]);
    expect(result!.value).toBeGreaterThan(0);
    expect(result!.unit).not.toBe('');
    expect(Object.keys(result!.conditions).length).toBeGreaterThan(0);
    expect(result!.conditions['failures'] ?? 0).toBe(0);
    expect('limit' in result!).toBe('ratio' in result!);
  });

  it('throughput stands beside the raw limit of the same run', () => {
    for (const name of limited)
      expect(printed.results.find((result) => result.name === name)!.limit).toBeGreaterThan(0);
  });

  it('tells people on stderr what is being measured', () => {
    for (const text of said) expect(told).toContain(text);
  });
});

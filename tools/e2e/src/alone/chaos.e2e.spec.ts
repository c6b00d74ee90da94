import { isLong, seed } from '../environment';
import { sampleMoments } from '../moments';
import { type DemoOutcome, runDemo } from '../demo-run';
import { System } from '../system';

const messages = isLong ? 3_600 : 900;
const kills = isLong ? 5 : 2;

/** Every service and every store; of the two gateways each agent of the demo prefers another. */
const victims = [
  ['iam-service'],
  ['vault-service'],
  ['audit-service'],
  ['bus-gateway-1', 'bus-gateway-2'],
  ['redis'],
  ['redis-rpc'],
  ['postgres'],
];

describe('while the agents of the demo converse', () => {
  let system: System;
  let undisturbed: DemoOutcome;

  beforeAll(async () => {
    system = await System.start();
    undisturbed = await runDemo({ folder: system.folder, messages });
  });
  afterAll(() => system.stop());

  /** Kills a victim at random moments of the conversation; a moment at which it does not run waits until it does. */
  function reaper(names: readonly string[], random: readonly number[]) {
    const due = random.map((moment) => Math.floor(moment * messages));
    const done: { readonly name: string; readonly at: number; readonly pid: number }[] = [];
    const onProgress = (count: number): void => {
      while (done.length < kills && due[done.length]! <= count) {
        const name = names[done.length % names.length]!;
        const { pid, state } = system.process(name);
        if (pid === null || state !== 'ready' || done.some((kill) => kill.pid === pid)) return;
        process.kill(pid, 'SIGKILL');
        done.push({ name, at: count, pid });
      }
    };
    return { done, onProgress };
  }

  it('the demo succeeds when nothing is killed, and tells its story to people, and its result to programs', () => {
    const { code, result, story } = undisturbed;
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
    expect(result).toEqual({
      ok: true,
      checks: expect.any(Array) as unknown,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      services: ['iam-service', 'bus-gateway', 'audit-service', 'vault-service'],
      messages,
      durationsMs: expect.objectContaining({ total: expect.any(Number) as unknown }) as unknown,
    });
    expect(result.checks.length).toBeGreaterThanOrEqual(15);
    for (const { name } of result.checks) expect(story).toContain(`✓ ${name}`);
  });

  // In the short round two of them, others every time.
  it.each(isLong ? victims : [0, 3].map((step) => victims[(seed + step) % victims.length]!))(
    'kill -9 of %s at random moments delays it, loses nothing and doubles nothing',
    async (...names) => {
      const restartsBefore = restarts(system, names);
      const { done, onProgress } = reaper(names, sampleMoments(seed, names.join(), kills));
      const { code, story, result } = await runDemo({ folder: system.folder, messages, onProgress });
      const failed = result.checks.filter(({ ok }) => !ok);
      const counts = /messages with an effect, .*/.exec(story)?.[0];
      process.stdout.write(
        [
          `kill -9 of ${names.join(' and ')}`,
          `at ${done.map(({ at }) => at).join(', ')} of ${messages} messages (seed ${seed})`,
          `conversation ${result.durationsMs['conversation']} ms, undisturbed ${undisturbed.result.durationsMs['conversation']} ms`,
          `${result.messages} ${counts ?? ''}\n`,
        ].join('; '),
      );
      expect(failed).toEqual([]);
      expect({ code, ok: result.ok, messages: result.messages }).toEqual({ code: 0, ok: true, messages });
      expect(done).toHaveLength(kills);
      expect(restarts(system, names) - restartsBefore).toBeGreaterThanOrEqual(kills);
      await system.ready();
    },
    300_000,
  );
});

const restarts = (system: System, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + system.process(name).restarts, 0);

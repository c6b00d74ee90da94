import { type EventEnvelope, chainParts, comparePositions, formatPosition } from '@concordat/contracts';
import { isChainLink } from '@concordat/crypto';
import { eventually } from '@concordat/testing';
import { registrations, seed } from '../environment';
import { sampleMoments } from '../moments';
import { registerMany, type RegistrationRun } from '../registration-run';
import { StreamFollower } from '../stream-follower';
import { System } from '../system';

const count = registrations;
const concurrency = 24;
const kills = 4;
const registered = 'concordat.iam.agent.registered.v1';

describe(`kill -9 of iam-service ${kills} times in the middle of ${count} registrations`, () => {
  let system: System;
  let run: RegistrationRun;
  let events: readonly EventEnvelope[];
  const killedAt: number[] = [];

  beforeAll(async () => {
    system = await System.start();
    const follower = new StreamFollower(system, 'cc:{iam}:events');
    const begun = performance.now();
    run = await registerMany({ system, count, concurrency, onProgress: reaper() });
    const seconds = (performance.now() - begun) / 1_000;
    // Whatever was published twice was published before this one.
    const last = await system.registered('the last one');
    await eventually(() => expect(didsOf(follower.events)).toContain(last.did), 60_000);
    await follower.stop();
    events = follower.events;
    process.stdout.write(
      `${run.acknowledged.length} registrations acknowledged in ${seconds.toFixed(1)} s, ${didsOf(events).length - 1} published; ` +
        `killed at ${killedAt.join(', ')} (seed ${seed}); not acknowledged at first: ${JSON.stringify(run.failures)}\n`,
    );
  }, 300_000);
  afterAll(() => system.stop());

  /** Kills at random moments; while the victim is down, a moment waits. */
  function reaper(): (acknowledged: number) => void {
    const due = sampleMoments(seed, 'registrations', kills).map((moment) => Math.floor(moment * count));
    const killed = new Set<number>();
    return (acknowledged) => {
      if (killedAt.length >= kills || acknowledged < due[killedAt.length]!) return;
      const { pid, state } = system.process('iam-service');
      if (pid === null || state !== 'ready' || killed.has(pid)) return;
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
      killedAt.push(acknowledged);
    };
  }

  it('kills as often as it says', () => {
    expect(killedAt).toHaveLength(kills);
    expect(system.process('iam-service').restarts).toBeGreaterThanOrEqual(kills);
  });

  it('leaves every acknowledged agent to be found, by its name for programs', async () => {
    expect(new Set(run.acknowledged).size).toBe(count);
    const admin = system.admin();
    const missing: string[] = [];
    const lanes = Array.from({ length: concurrency }, async (_, lane) => {
      for (let i = lane; i < count; i += concurrency) {
        const did = run.acknowledged[i]!;
        const agent = await admin.agents.get({ did }).catch(() => undefined);
        if (agent?.did !== did) missing.push(did);
      }
    });
    await Promise.all(lanes);
    expect(missing).toEqual([]);
  }, 120_000);

  it('leaves each of them in the list once, and nobody else', async () => {
    const admin = system.admin(1);
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { did: string; name: string | null }[]; nextCursor: string | null } =
        await admin.agents.list({ limit: 500, ...(cursor === null ? {} : { cursor }) });
      listed.push(...page.items.filter(({ name }) => name?.startsWith('agent ')).map(({ did }) => did));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(listed.sort()).toEqual([...run.acknowledged].sort());
  });

  it('publishes each registration once', () => {
    const published = didsOf(events);
    expect(published).toHaveLength(count + 1);
    expect(new Set(published).size).toBe(count + 1);
    const unpublished = new Set(run.acknowledged);
    for (const did of published) unpublished.delete(did);
    expect([...unpublished]).toEqual([]);
  });

  it('publishes them in order, with no gap, as one chain', () => {
    const broken = events.slice(1).filter((event, index) => {
      const before = events[index]!;
      return !(
        comparePositions(before.at, event.at) < 0 &&
        event.at.position === before.at.position + 1 &&
        formatPosition(event.prev) === formatPosition(before.at) &&
        event.prevHash === before.hash &&
        isChainLink(event.prevHash!, event.hash!, chainParts(event))
      );
    });
    expect(broken.map(({ id }) => id)).toEqual([]);
  });
});

const didsOf = (events: readonly EventEnvelope[]): string[] =>
  events
    .filter(({ type }) => type === registered)
    .map(({ data }) => (JSON.parse(data) as { did: string }).did);

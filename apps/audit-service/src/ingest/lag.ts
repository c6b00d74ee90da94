import type { Position } from '@concordat/contracts';
import type { CheckResult } from '@concordat/runtime';
import { Gauge } from 'prom-client';

/** From so many events on it is an alarm: a partition refuses messages when its feed holds ten times as many. */
export const lagLimit = 100_000;

const events = new Gauge({
  name: 'concordat_audit_lag_events',
  help: 'Events of a source that are not in the log yet; not there when it is not known.',
  labelNames: ['source'],
});

/** How far the log is behind its sources, where what is not in it yet waits. */
export class Lag {
  readonly #bySource = new Map<string, number>();

  /** @param head of the source, if it has one @param at up to where it is in the log */
  note(source: string, head: Position | undefined, at: Position): void {
    // Positions are contiguous within an epoch; over the beginning of another one nobody can count.
    if (!head || head.epoch !== at.epoch) {
      this.#bySource.delete(source);
      events.remove({ source });
      return;
    }
    const lag = Math.max(0, head.position - at.position);
    this.#bySource.set(source, lag);
    events.set({ source }, lag);
  }

  check(): CheckResult {
    const late = [...this.#bySource].filter(([, lag]) => lag >= lagLimit);
    if (late.length === 0) return { ok: true, detail: 'follows' };
    return { ok: false, detail: late.map(([source, lag]) => `${source}: ${lag} events behind`).join(', ') };
  }
}

export interface CheckResult {
  readonly ok: boolean;
  /** Why not, or a figure worth knowing. */
  readonly detail: string;
}

export type Check = () => CheckResult | Promise<CheckResult>;

export interface HealthReport {
  readonly status: 'ok' | 'unavailable';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

const checkMs = 1_000;

/** What must work before this process can do its job. A check that hangs counts as failed. */
export class Health {
  readonly #checks = new Map<string, Check>();
  #isStarted = false;
  #isStopping = false;

  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  /** Everything was started once. */
  markStarted(): void {
    this.#isStarted = true;
  }

  /** From now on not ready, so that no new work comes in while the old is finished. */
  markStopping(): void {
    this.#isStopping = true;
  }

  startup(): HealthReport {
    return report({ startup: { ok: this.#isStarted, detail: this.#isStarted ? 'started' : 'starting' } });
  }

  async ready(): Promise<HealthReport> {
    const names = [...this.#checks];
    const results = await Promise.all(
      names.map(async ([name, check]): Promise<[string, CheckResult]> => [name, await run(check)]),
    );
    const own: [string, CheckResult] = this.#isStopping
      ? ['process', { ok: false, detail: 'stopping' }]
      : ['process', { ok: this.#isStarted, detail: this.#isStarted ? 'running' : 'starting' }];
    return report(Object.fromEntries([own, ...results]));
  }
}

const report = (checks: Record<string, CheckResult>): HealthReport => ({
  status: Object.values(checks).every(({ ok }) => ok) ? 'ok' : 'unavailable',
  checks,
});

async function run(check: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${checkMs} ms` }), checkMs);
  });
  try {
    return await Promise.race([Promise.resolve(check()), late]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

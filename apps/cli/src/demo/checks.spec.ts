import { ConcordatProblem } from '@concordat/sdk';
import { type Check, Checks, refusedWith, requireThat } from './checks';

let told: Check[];
let checks: Checks;
beforeEach(() => {
  told = [];
  checks = new Checks((check) => told.push(check));
});

describe('the claims of the demo', () => {
  it('hold when all of them do', async () => {
    expect(checks.ok).toBe(false);
    expect(await checks.that('one', () => 'seen')).toBe(true);
    expect([checks.ok, checks.list]).toEqual([true, [{ name: 'one', ok: true, detail: 'seen' }]]);
    expect(await checks.that('two', () => requireThat(false, 'not so') as never)).toBe(false);
    expect(checks.ok).toBe(false);
    expect(told).toEqual(checks.list);
    expect(told[1]).toEqual({ name: 'two', ok: false, detail: 'not so' });
  });

  it('say by its code what a gateway refused', async () => {
    const refusal = new ConcordatProblem('MEMORY_UNKNOWN', { status: 404, detail: 'gone' });
    await checks.that('one', () => Promise.reject(refusal));
    expect(told).toEqual([{ name: 'one', ok: false, detail: 'MEMORY_UNKNOWN: gone' }]);
  });
});

describe('a refusal that is claimed', () => {
  const refusal = new ConcordatProblem('CONSENT_REQUIRED', { status: 403 });
  it('is the one with this code', async () => {
    expect(await refusedWith('CONSENT_REQUIRED', Promise.reject(refusal))).toBe(
      'refused: 403 CONSENT_REQUIRED',
    );
  });
  it('is not another, and not an answer', async () => {
    await expect(refusedWith('MEMORY_UNKNOWN', Promise.reject(refusal))).rejects.toBe(refusal);
    await expect(refusedWith('MEMORY_UNKNOWN', Promise.resolve(1))).rejects.toThrow('it was answered');
  });
});

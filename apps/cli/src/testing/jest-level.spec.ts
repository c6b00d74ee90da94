import { countsOf } from './jest-level';

const result = { success: true, numPassedTests: 5, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };

describe('the counts of a level', () => {
  it('are those of jest', () => {
    expect(countsOf({ ...result, numFailedTests: 2, success: false }, 1)).toEqual({ passed: 5, failed: 2 });
  });

  it('a file that does not load is a failure', () => {
    expect(countsOf({ ...result, numRuntimeErrorTestSuites: 1, success: false }, 1)).toEqual({
      passed: 5,
      failed: 1,
    });
  });

  it('a level without tests, or without a result, is a failure', () => {
    expect(countsOf({ ...result, numPassedTests: 0 }, 0)).toEqual({ passed: 0, failed: 1 });
    expect(countsOf(undefined, 0)).toEqual({ passed: 0, failed: 1 });
  });

  it('a jest that was killed, or fails without naming a test, is a failure', () => {
    expect(countsOf(undefined, null)).toEqual({ passed: 0, failed: 1 });
    expect(countsOf({ ...result, success: false }, 1)).toEqual({ passed: 5, failed: 1 });
  });
});

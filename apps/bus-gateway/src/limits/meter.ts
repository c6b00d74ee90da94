/** Measures how much somebody asks for, and says when it is too much. */
export interface Meter {
  /**
   * @param nowMs on any clock, the same for every call
   * @returns 0 when that many were taken; otherwise none was, and there may be room after so many milliseconds
   */
  take(count: number, nowMs: number): number;
  /** What was taken last and not used after all. */
  giveBack(count: number): void;
}

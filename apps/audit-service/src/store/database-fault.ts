/** SQLSTATE: five characters, of which two name the class. */
const statePattern = /^(\d[\dA-Z]|F0|HV|P0|XX)[\dA-Z]{3}$/;
const classes: Readonly<Record<string, string>> = {
  '08': 'connection exception',
  '22': 'data exception',
  '23': 'integrity constraint violation',
  '25': 'invalid transaction state',
  '28': 'invalid authorization',
  '3D': 'invalid catalog name',
  '40': 'transaction rollback',
  '42': 'syntax error or access rule violation',
  '53': 'insufficient resources',
  '54': 'program limit exceeded',
  '55': 'object not in prerequisite state',
  '57': 'operator intervention',
  '58': 'system error',
  XX: 'internal error',
};

/**
 * PostgreSQL refused a statement. Says by its code and class why, and never what: the driver writes the whole statement
 * with its values into its message, which belongs neither into a log nor into an answer.
 */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault';

  /** @param code SQLSTATE */
  constructor(readonly code: string) {
    super(`PostgreSQL refuses: ${code} (${classes[code.slice(0, 2)] ?? 'another class'})`);
  }
}

/** The SQLSTATE of an error, or of what caused it. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  return statePattern.test(code) ? code : sqlStateOf(error.cause);
}

/** Whether it is what was to be stored that PostgreSQL refuses, as it will every time. */
export const isDataFault = (error: unknown): error is DatabaseFault =>
  error instanceof DatabaseFault && /^(22|54)/.test(error.code);

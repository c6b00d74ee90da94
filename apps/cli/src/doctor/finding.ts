/** One thing that the doctor looked at. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'broken';
  readonly detail: string;
  /** what to do; for everything that is not ok */
  readonly fix?: string;
}

export const ok = (name: string, detail: string): Finding => ({ name, status: 'ok', detail });
export const warning = (name: string, detail: string, fix: string): Finding => ({
  name,
  status: 'warning',
  detail,
  fix,
});
export const broken = (name: string, detail: string, fix: string): Finding => ({
  name,
  status: 'broken',
  detail,
  fix,
});

/** A check that fails unexpectedly is a finding too. */
export async function examined(name: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    const found = await look();
    return Array.isArray(found) ? found : [found];
  } catch (error) {
    return [broken(name, (error as Error).message, 'See the message.')];
  }
}

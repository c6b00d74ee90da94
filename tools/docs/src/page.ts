/** A page that is made from the catalogue. */
export interface Page {
  /** Path below the repository. */
  readonly file: string;
  readonly text: string;
}

export const note =
  '<!-- Made from the catalogue in libs/contracts by `npx nx run docs:write`; a test compares. -->';

export const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

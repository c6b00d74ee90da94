const LONGEST_LINE = 600;

/**
 * The lines of a log as a person wants them in an error: of a structured one (JSON) what happened and why, no stacks,
 * each thing once, where it was said last.
 * @param most so many are left, the newest
 */
export function readableLog(lines: readonly string[], most = 20): string[] {
  const times = new Map<string, number>();
  for (const line of lines) {
    const text = readable(line);
    if (text === undefined) continue;
    const before = times.get(text) ?? 0;
    times.delete(text);
    times.set(text, before + 1);
  }
  return [...times].slice(-most).map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`));
}

const isFrame = (line: string): boolean => /^\s+at .+(:\d+\)?|\)|>)$/.test(line);

function readable(line: string): string | undefined {
  if (line.trim() === '' || isFrame(line)) return undefined;
  const text = structured(line) ?? line.trimEnd();
  return text.length <= LONGEST_LINE ? text : `${text.slice(0, LONGEST_LINE - 1)}…`;
}

function structured(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { msg, err, error } = JSON.parse(line) as Record<string, unknown>;
    const said = typeof msg === 'string' ? [msg] : [];
    const parts = [...said, ...messages(err ?? error)];
    return parts.length === 0 ? undefined : parts.join(': ').replace(/\s*\n\s*/g, ' ');
  } catch {
    return undefined;
  }
}

/** Of an error and its causes, each that says something new. */
function messages(error: unknown): string[] {
  const found: string[] = [];
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { message } = at as { message?: unknown };
    if (typeof message === 'string' && !found.some((known) => known.includes(message))) found.push(message);
  }
  return found;
}

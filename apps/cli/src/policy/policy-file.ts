import { operations, type PolicyDocument } from '@concordat/contracts';
import { readJsonFile } from '../client/json-file';
import { UserError } from '../context';
import { visible } from '../output';

/** Of the faults of one file, as many as are shown. */
const SHOWN_FAULTS = 20;

/**
 * Reads a policy as the gateway would take it: the same JSON, the same schema, the same size.
 * @throws UserError with the file, and the place of every fault in it
 */
export async function readPolicyFile(file: string): Promise<PolicyDocument> {
  const parsed = operations['policy.dryRun'].input.safeParse(await readJsonFile(file));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `  ${pointerOf(path)} ${message}`);
  const more = faults.length > SHOWN_FAULTS ? [`  and ${faults.length - SHOWN_FAULTS} more`] : [];
  const shown = [...faults.slice(0, SHOWN_FAULTS), ...more].map((fault) => visible(fault));
  throw new UserError(
    [`${visible(file)} is no policy:`, ...shown, 'What one looks like: docs/policy.schema.json'].join('\n'),
  );
}

/** RFC 6901 */
const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('') || '/';

import { limits } from '@concordat/contracts';
import { type ErasureReceipt, openErasureReceipt } from '@concordat/crypto';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { confirm } from '../client/confirm';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { readBytes } from '../client/json-file';
import { readVkey } from '../client/vkey-file';
import { type Context, UserError } from '../context';
import { table, visible } from '../output';
import { dataFolder } from '../supervisor/provision';

/** `audit erase|erasures|verify-receipt` */
export function registerErasures(command: Command, context: () => Context): void {
  addAdminOptions(command.command('erase <subject>'))
    .description(
      'erase what the trail tells of an agent (DID), user:<id> or apiKey:<id>; the receipt goes to stdout',
    )
    .option('--yes', 'do not ask: it cannot be undone')
    .action(
      act((subject: string, options: ConnectionOptions & { yes?: true }) =>
        erase(context(), subject, options),
      ),
    );
  addAdminOptions(command.command('erasures'))
    .description('list what was erased from the trail, newest first')
    .option('--subject <subject>', 'only of this one')
    .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50)
    .action(
      act((options: ConnectionOptions & { subject?: string; limit: number }) => list(context(), options)),
    );
  command
    .command('verify-receipt <file>')
    .description('check the receipt of an erasure on this machine, with the key pinned here')
    .option('--vkey <file>', 'file with the verifier key (default: audit.vkey in the data folder)')
    .action(act((file: string, options: { vkey?: string }) => verifyReceipt(context(), file, options)));
}

async function erase(
  context: Context,
  subject: string,
  { yes, ...options }: ConnectionOptions & { yes?: true },
): Promise<void> {
  if (!yes)
    await confirm(
      `Erase for good what the trail tells of ${visible(subject)}? Proofs stay, content does not.`,
      'Say --yes.',
    );
  const client = await new Connection(context, options).asAdmin();
  const erased = await during(context.progress, 'erasing', client.audit.erase({ subject }));
  if (erased.receipt === null)
    context.progress.warn('it is under way; the receipt will be in: ./concordat audit erasures -o json');
  context.output.data(erased, () =>
    erased.receipt === null ? `Ordered by ${erased.orderedBy}.` : erased.receipt.trimEnd(),
  );
}

async function list(
  context: Context,
  { subject, limit, ...options }: ConnectionOptions & { subject?: string; limit: number },
): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.audit.erasures({ subject, limit });
  const rows = page.items.map((item) => [
    ...[item.requestedAt, item.erasedAt ?? 'not yet', item.subject, item.origin, item.orderedBy],
  ]);
  context.output.data(page, () =>
    rows.length === 0
      ? 'Nothing was erased.'
      : table(['asked for', 'erased', 'subject', 'by', 'ordered by event'], rows),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}

async function verifyReceipt(context: Context, file: string, options: { vkey?: string }): Promise<void> {
  const vkeyFile = options.vkey ?? dataFolder(context.dataDirectory).vkeyFile;
  const vkey = await readVkey(vkeyFile);
  const note = (await readBytes(file)).toString('utf8');
  const { root, ...receipt } = open(note.endsWith('\n') ? note : `${note}\n`, vkey, file);
  const value = { ok: true, vkeyFile, ...receipt, root: Buffer.from(root).toString('base64url') };
  context.output.data(value, () => described(receipt, vkeyFile));
}

function open(note: string, vkey: string, file: string): ErasureReceipt {
  try {
    return openErasureReceipt(note, vkey);
  } catch (error) {
    throw new UserError(visible(`${file} proves nothing: ${(error as Error).message}.`));
  }
}

const described = (receipt: Omit<ErasureReceipt, 'root'>, vkeyFile: string): string =>
  visible(
    `The log "${receipt.log}" says, by the key in ${vkeyFile}: all that it held about ${receipt.subject} of the tenant ` +
      `${receipt.tenant} in its first ${receipt.logSize} entries is closed since ${receipt.erasedAt}. ` +
      `Destroyed: ${receipt.keys.length} keys. Ordered by ${receipt.orderedBy}. ` +
      (receipt.recoverableUntil === null
        ? 'The service keeps no backup of these keys.'
        : `A backup could bring them back until ${receipt.recoverableUntil}.`),
  );

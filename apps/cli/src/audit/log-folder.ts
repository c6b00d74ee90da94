import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type InclusionBundle } from '@concordat/contracts';
import { type LogFiles } from '@concordat/crypto';

/** A folder with a log as C2SP tlog-tiles lays it out, and with proofs of single events. */
export class LogFolder implements LogFiles {
  constructor(readonly directory: string) {}

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.directory, path));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw error;
    }
  }

  has(path: string): Promise<boolean> {
    return access(join(this.directory, path)).then(
      () => true,
      () => false,
    );
  }

  /** Whole or not at all, so that what is there need not be fetched again. */
  async write(path: string, bytes: Uint8Array | string): Promise<void> {
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    await writeFile(draft, bytes, { mode: 0o600 });
    await rename(draft, file);
  }

  /** Takes away what a wider tile has replaced. @param path of the wider one */
  async dropNarrower(path: string): Promise<void> {
    const file = join(this.directory, path);
    const folder = dirname(file);
    if (!folder.endsWith('.p')) return rm(`${file}.p`, { recursive: true, force: true });
    const others = (await readdir(folder)).filter((name) => name !== basename(file));
    await Promise.all(others.map((name) => rm(join(folder, name), { force: true })));
  }

  async keepProof(bundle: InclusionBundle): Promise<void> {
    await this.write(proofPath(bundle.eventId), `${JSON.stringify(bundle, null, 2)}\n`);
  }

  /** Files with proofs. @param eventId of this event only */
  async proofFiles(eventId?: string): Promise<string[]> {
    if (eventId !== undefined)
      return (await this.has(proofPath(eventId))) ? [join(this.directory, proofPath(eventId))] : [];
    const names = await readdir(join(this.directory, proofs)).catch(() => []);
    return names.filter((name) => name.endsWith('.json')).map((name) => join(this.directory, proofs, name));
  }
}

const proofs = 'proofs';
// Ids hold colons, which not every file system takes.
const proofPath = (eventId: string): string => `${proofs}/${encodeURIComponent(eventId)}.json`;

import type { Position } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type { EventLog } from '@concordat/streams';
import type { Cursors } from '../log/covered';

/** The name of this reader at the sources, which keep what it has not stored yet. */
const readerName = 'audit';
/** Every save is an fsync of the Redis that messages wait for; what it allows, trimming, is in no hurry. */
const everyMs = 100;

/**
 * Tells the sources up to where everything is stored, now and then. A cursor that is not saved makes a source keep more
 * than it must; the next one says it again.
 */
export class CursorSaver {
  #unsaved = new Map<string, Position>();
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: Pick<EventLog, 'saveCursor'>,
    private readonly logger: Logger,
  ) {}

  note(cursors: Cursors): void {
    for (const [source, at] of cursors) this.#unsaved.set(source, at);
    this.#timer ??= setTimeout(() => void this.flush(), everyMs).unref();
  }

  /** Saves what was noted. Does not throw. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const cursors = this.#unsaved;
    this.#unsaved = new Map();
    // One after the other: an older cursor must not come last.
    this.#saving = this.#saving.then(() => this.#save(cursors));
    return this.#saving;
  }

  async #save(cursors: Cursors): Promise<void> {
    try {
      await Promise.all([...cursors].map(([source, at]) => this.log.saveCursor(source, readerName, at)));
    } catch (error) {
      this.logger.warn({ error }, 'cursors were not saved');
    }
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { defaultTenant, type Scope } from '@concordat/contracts';
import { apiKeyHash, formatApiKey, parseApiKey } from '@concordat/crypto';
import type { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import { writeSecretFile } from '@concordat/keystore';
import type { Logger } from '@concordat/runtime';
import type { Connection } from '@concordat/sqlite';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { runApiKeyCommand } from './api-key.handler';
import { hasApiKeys } from './api-key.projection';

const allScopes: readonly Scope[] = ['read', 'write', 'admin', 'governance', 'workflows'];

/**
 * The first start makes the key that everything else is made with, and writes it to a file that only its owner can read.
 * The file is written first: a crash in between leaves a file whose key the next start takes up. Whoever lost the key puts
 * an empty file in its place, and the next start makes another one: who may write there owns the service anyway.
 */
export class AdminKeyJob implements OnApplicationBootstrap {
  constructor(
    private readonly db: Connection,
    private readonly runner: CommandRunner,
    private readonly contexts: CommandContexts,
    private readonly file: string,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const isWanted = existsSync(this.file) && statSync(this.file).size === 0;
    if (hasApiKeys(this.db, defaultTenant) && !isWanted) return;
    if (isWanted) rmSync(this.file);
    writeSecretFile(this.file, formatApiKey(randomBytes(40)).key);
    const key = readFileSync(this.file, 'utf8').trim();
    const parsed = parseApiKey(key);
    if (!parsed) throw new Error(`${this.file} does not hold an API key; move it away and start again`);
    await runApiKeyCommand(this.runner, this.contexts.ofService('iam', defaultTenant), {
      kind: 'CreateApiKey',
      id: parsed.id,
      name: 'admin',
      hash: apiKeyHash(key),
      scopes: allScopes,
      expiresAt: null,
    });
    this.logger.warn(
      { file: this.file, id: parsed.id },
      'an API key that may do everything was written; move it to a safe place',
    );
  }
}

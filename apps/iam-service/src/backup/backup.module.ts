import { join } from 'node:path';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { IAM_CONFIG, type IamConfig } from '../config';
import { BackupJob } from './backup.job';

const hourMs = 3_600_000;

@Module({
  providers: [
    {
      provide: BackupJob,
      useFactory: (config: IamConfig, { nowMs }: Clock, logger: Logger) =>
        new BackupJob({
          dataDir: config.dataDir,
          directory: config.backupDir ?? join(config.dataDir, 'backups'),
          intervalMs: config.backupHours * hourMs,
          keep: config.backupsKept,
          keyDays: config.keystoreBackupDays,
          script: join(__dirname, '..', 'maintenance.js'),
          ...{ nowMs, logger },
        }),
      inject: [IAM_CONFIG, CLOCK, LOGGER],
    },
  ],
})
export class BackupModule {}

import { join } from 'node:path';
import { type Bench } from '@concordat/testing';
import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

export const adminKeyFile = ({ folder }: Bench): string => join(folder, 'admin.key');

/** The whole service over the stores of a bench: for specs only. */
export const startIam = (bench: Bench, passwordWorkLog2 = 15): Promise<INestApplicationContext> =>
  NestFactory.createApplicationContext(
    AppModule.for(bench.base('iam'), {
      ...bench.settings('iam'),
      audience: 'concordat',
      didWebDomain: 'localhost:7400',
      keystoreBackupDays: 0,
      ...{ signingKeyDays: 30, backupHours: 0, backupsKept: 7 },
      adminKeyFile: adminKeyFile(bench),
      passwordWorkLog2,
    }),
    { logger: false, abortOnError: false },
  );

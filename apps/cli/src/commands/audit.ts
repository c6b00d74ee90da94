import { type Command } from 'commander';
import { type Context } from '../context';
import { registerAnomalies } from './audit-anomalies';
import { registerDownload } from './audit-download';
import { registerErasures } from './audit-erasures';
import { registerExport } from './audit-export';
import { registerReports } from './audit-report';
import { registerRetention } from './audit-retention';
import { registerSearch } from './audit-search';
import { registerVerify } from './audit-verify';

/** `audit search|verify|…`: everything about the trail, each group of commands in a file of its own. */
export function register(command: Command, context: () => Context): void {
  registerVerify(command, context);
  registerDownload(command, context);
  registerSearch(command, context);
  registerReports(command, context);
  registerExport(command, context);
  registerRetention(command, context);
  registerAnomalies(command, context);
  registerErasures(command, context);
}

import { type Command } from 'commander';
import { type Context } from '../context';
import { addMaintenanceCommands } from '../maintenance/maintenance-commands';

/** `iam verify|backup|restore|recover|rebuild` */
export function register(command: Command, context: () => Context): void {
  addMaintenanceCommands(command, 'iam', context);
}

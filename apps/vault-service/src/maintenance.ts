import { join } from 'node:path';
import { ConsentWithdrawn } from '@concordat/contracts';
import { runMaintenance } from '@concordat/service';
import { vaultProjections } from './projections';

/**
 * Run by `./concordat vault verify|backup|restore|recover|rebuild`, beside the service or instead of it. Memories that
 * were deleted stay unreadable whatever is restored: their keys are gone.
 */
runMaintenance({
  service: 'vault',
  migrationsDir: join(__dirname, 'migrations'),
  projections: vaultProjections,
  takesAway: [ConsentWithdrawn],
  backsUpKeys: false,
});

import { isDeepStrictEqual } from 'node:util';
import { type Checks, refusedWith, requireThat } from './checks';
import { type Stage } from './cast';
import { type Actors } from './conversation';
import { memoryKey } from './stranger';

/** Ada remembers something; Ben may know it while she consents. */
export async function memoryIsShared(stage: Stage, checks: Checks, { ada, ben }: Actors): Promise<void> {
  const { traceparent } = stage;
  const persona = stage.ada.did;
  const grantee = stage.ben.did;
  const content = { finding: `what Ada learned in demo ${stage.run}`, pages: [3, 14, 15] };
  const readByBen = () => ben.call('memory.get', { persona, key: memoryKey }, traceparent);

  await checks.that('a memory is read back by its owner', async () => {
    const { version } = await ada.call('memory.put', { persona, key: memoryKey, content }, traceparent);
    const read = await ada.call('memory.get', { persona, key: memoryKey }, traceparent);
    requireThat(isDeepStrictEqual(read.content, content), 'it is not what was written');
    return `version ${version}, encrypted under a key of its own`;
  });
  await checks.that('a memory is refused to another agent', () =>
    refusedWith('CONSENT_REQUIRED', readByBen()),
  );
  await checks.that('a memory is readable by another agent after consent', async () => {
    await ada.call('consent.grant', { persona, grantee, scopes: ['read'] }, traceparent);
    const read = await readByBen();
    requireThat(isDeepStrictEqual(read.content, content), 'it is not what was written');
    return 'Ben reads what Ada wrote';
  });
  await checks.that('a memory is refused again after consent is withdrawn', async () => {
    await ada.call('consent.withdraw', { persona, grantee }, traceparent);
    return refusedWith('CONSENT_REQUIRED', readByBen());
  });
}

/** Ada forgets. */
export async function memoryIsForgotten(stage: Stage, checks: Checks, { ada }: Actors): Promise<void> {
  const memory = { persona: stage.ada.did, key: memoryKey };
  await checks.that('a memory that is deleted is gone', async () => {
    await ada.call('memory.delete', memory, stage.traceparent);
    const read = ada.call('memory.get', memory, stage.traceparent);
    return `its key is destroyed; reading it is ${await refusedWith('MEMORY_UNKNOWN', read)}`;
  });
}

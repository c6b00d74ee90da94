import { newAgent } from '@concordat/testing';
import { request } from './http';
import type { System } from './system';

export interface RegistrationRun {
  /** DIDs whose registration was acknowledged, in that order */
  readonly acknowledged: readonly string[];
  /** attempts that were not acknowledged */
  readonly failures: Readonly<Record<string, number>>;
}

export interface RegistrationRunOptions {
  readonly system: System;
  readonly count: number;
  readonly concurrency: number;
  /** Hears of each acknowledgement how many there are. */
  readonly onProgress: (acknowledged: number) => void;
}

const attempts = 200;
const pauseMs = 25;

/**
 * Registers agents as a stubborn client does: several at a time, over both gateways, each again with the same
 * Idempotency-Key until it is acknowledged.
 * @throws Error when a repetition is answered with anything but the acknowledgement or "not now"
 */
export async function registerMany({
  system,
  count,
  concurrency,
  onProgress,
}: RegistrationRunOptions): Promise<RegistrationRun> {
  const acknowledged: string[] = [];
  const failures: Record<string, number> = {};
  const urls = [system.url(0), system.url(1)];
  const authorization = `ApiKey ${system.adminKey}`;
  let begun = 0;

  const one = async (index: number): Promise<void> => {
    const { did, publicKeyText } = newAgent();
    const headers = { authorization, 'idempotency-key': `registration-${index}` };
    const body = { name: `agent ${index}`, type: 'SERVICE', publicKey: publicKeyText };
    for (let attempt = 0; attempt < attempts; attempt++) {
      const url = urls[(index + attempt) % urls.length]!;
      const outcome = await request(`${url}/v1/agents`, { method: 'POST', headers, body }).then(
        (answer) => (answer.status === 201 ? 'acknowledged' : refusalOf(answer)),
        (error: Error) => `connection: ${error.message}`,
      );
      if (outcome === 'acknowledged') {
        acknowledged.push(did);
        return onProgress(acknowledged.length);
      }
      failures[outcome] = (failures[outcome] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    throw new Error(`${did} was not acknowledged in ${attempts} attempts: ${JSON.stringify(failures)}`);
  };
  const lane = async (): Promise<void> => {
    while (begun < count) await one(begun++);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return { acknowledged, failures };
}

/** @throws Error for a refusal that says more than "not now" */
function refusalOf({ status, body }: { readonly status: number; readonly body: unknown }): string {
  const { code } = body as { code: string };
  if (status !== 429 && status < 500) throw new Error(`a registration was refused: ${status} ${code}`);
  return `${status} ${code}`;
}

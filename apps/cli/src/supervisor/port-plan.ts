import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertPortFree, freePort, isPortFree, writePrivateFile } from '@concordat/processes';
import { UserError } from '../context';
import { services } from './services';

export const DEFAULT_HTTP_PORT = 7400;

const HIGHEST = 65_535;

export interface PortWishes {
  /** 0: the system chooses; default 7400 */
  readonly http: number;
  /** 0: the system chooses; default the one after HTTP */
  readonly grpc: number | undefined;
  readonly gateways: number;
}

export interface PortPlan {
  /** one per gateway */
  readonly http: readonly number[];
  readonly grpc: readonly number[];
  /** of every process that is no gateway, by its name */
  port(name: string): number;
}

/** The ports of this machine. */
export interface PortMarket {
  isFree(port: number): Promise<boolean>;
  /** @throws PortTakenError */
  assertFree(port: number, fix: string): Promise<void>;
  free(avoid: ReadonlySet<number>): Promise<number>;
}

const machine: PortMarket = { isFree: isPortFree, assertFree: assertPortFree, free: freePort };

/**
 * Gives every process its port. Fixed ones must be free; all others are chosen, remembered in `<data>/ports.json`, and
 * kept as long as nobody else takes them.
 * @throws PortTakenError naming the holder and the option that helps
 */
export async function planPorts(
  dataDirectory: string,
  wishes: PortWishes,
  databases: readonly string[],
  market: PortMarket = machine,
): Promise<PortPlan> {
  const file = join(dataDirectory, 'ports.json');
  const choice = new PortChoice(await readRemembered(file), market);
  const { http, grpc } = gatewayPorts(wishes);
  const plan = {
    http: await choice.all(
      http,
      (index) => `http-${index + 1}`,
      'Use another one: --http-port <n>, or 0 for any.',
    ),
    grpc: await choice.all(
      grpc,
      (index) => `grpc-${index + 1}`,
      'Use another one: --grpc-port <n>, or 0 for any.',
    ),
  };
  const others: Record<string, number> = {};
  for (const { name, healthPort } of services) {
    // Two installations on one machine differ in --http-port only; health ports then follow by themselves.
    const fixed = wishes.http === DEFAULT_HTTP_PORT ? healthPort : 0;
    const fix = `It is the health port of ${name}; --http-port 0 has all ports chosen.`;
    others[name] = await choice.one(fixed, name, fix);
  }
  for (const name of databases) others[name] = await choice.one(0, name, '');
  await writePrivateFile(file, `${JSON.stringify(choice.remembered, null, 2)}\n`);
  return {
    ...plan,
    port: (name) => {
      const port = others[name];
      if (port === undefined) throw new Error(`no port was planned for ${name}`);
      return port;
    },
  };
}

/** The second gateway has the next two ports, and so on: 7400 and 7401, 7402 and 7403. */
function gatewayPorts({ http, grpc, gateways }: PortWishes): { http: number[]; grpc: number[] } {
  const row = (first: number): number[] =>
    Array.from({ length: gateways }, (_, index) => (first === 0 ? 0 : first + 2 * index));
  const rows = { http: row(http), grpc: row(grpc ?? (http === 0 ? 0 : http + 1)) };
  const beyond = [...rows.http, ...rows.grpc].find((port) => port > HIGHEST);
  if (beyond === undefined) return rows;
  throw new UserError(
    `With these options a gateway would need port ${beyond}, and the highest is ${HIGHEST}: each takes two, from ` +
      '--http-port upwards. Use a lower one, --grpc-port for the other, or 0 for any.',
  );
}

class PortChoice {
  private readonly taken = new Set<number>();
  readonly remembered: Record<string, number>;

  constructor(
    remembered: Record<string, number>,
    private readonly market: PortMarket,
  ) {
    this.remembered = { ...remembered };
  }

  async all(ports: readonly number[], nameOf: (index: number) => string, fix: string): Promise<number[]> {
    const chosen: number[] = [];
    for (const [index, port] of ports.entries()) chosen.push(await this.one(port, nameOf(index), fix));
    return chosen;
  }

  /** @param fixed 0: any */
  async one(fixed: number, name: string, fix: string): Promise<number> {
    const port = fixed === 0 ? await this.choose(name) : fixed;
    if (fixed !== 0) {
      if (this.taken.has(fixed)) throw new Error(`Port ${fixed} would be used twice. ${fix}`);
      await this.market.assertFree(fixed, fix);
    }
    this.taken.add(port);
    return port;
  }

  private async choose(name: string): Promise<number> {
    const known = this.remembered[name];
    const usable = known !== undefined && !this.taken.has(known) && (await this.market.isFree(known));
    const promised = new Set([...this.taken, ...Object.values(this.remembered)]);
    return (this.remembered[name] = usable ? known : await this.market.free(promised));
  }
}

/** Ports that we choose lie between; anything else in the file was written by somebody else. */
const isChoosable = (port: number): boolean => port >= 1_024 && port <= HIGHEST;

async function readRemembered(file: string): Promise<Record<string, number>> {
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const entries = Object.entries(found).filter(
      (entry): entry is [string, number] => Number.isInteger(entry[1]) && isChoosable(entry[1] as number),
    );
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

import { EventEmitter } from 'node:events';
import type Redis from 'ioredis';
import { blockingNode, commandNode, type NodeOptions } from '../node-connection';
import { type CommandName, commandNames, type RedisConnection, whenReady } from '../redis-connection';
import { redirectOf } from './redirect';
import { nodeAt, slotOf } from './slot-map';
import { type ClusterPlace, ClusterTopology } from './topology';

type Argument = string | number | Buffer;
type Commands = Pick<RedisConnection, CommandName>;
type AnyCommands = Record<CommandName, (...args: readonly Argument[]) => Promise<unknown>>;
type Kind = 'commands' | 'blocking';

/**
 * A command is sent on to another node for so long, and a connection that is just being opened is waited for so long;
 * with the time limit of the command itself a caller knows within two seconds.
 */
const redirectMs = 250;
const tryAgainMs = 20;
const redirectLimit = 16;
/** Connections to nodes that only redirections name; a map has its own limit. */
const nodesLimit = 512;

/** Commands on a cluster: each goes to the node that serves the slot of its key. */
export function clusterConnection(
  place: ClusterPlace,
  kind: Kind,
  options: Omit<NodeOptions, 'url'>,
): ClusterConnection {
  const topology = new ClusterTopology(place, options.name, (error) => options.onError?.(error));
  return withCommands(new ClusterNodes(topology, kind, options, () => topology.close()));
}

export type ClusterConnection = ClusterNodes & Commands;

const withCommands = (nodes: ClusterNodes): ClusterConnection =>
  Object.assign(
    nodes,
    Object.fromEntries(
      commandNames.map((name) => [name, (...args: readonly Argument[]) => nodes.run(name, args)]),
    ) as unknown as Commands,
  );

/**
 * One connection per node, with the promises of a connection to a single server: nothing is sent twice unless a node has
 * said that it did not carry it out, nothing waits behind a node that is away, and every call has an end.
 */
export class ClusterNodes extends EventEmitter<{ ready: [] }> {
  readonly #nodes = new Map<string, Redis>();
  #isClosed = false;
  readonly #onChanged = (): void => this.#follow();

  /** @param kind `commands` are connected to every node beforehand; a blocking read connects to where its key lies */
  constructor(
    private readonly topology: ClusterTopology,
    private readonly kind: Kind,
    private readonly options: Omit<NodeOptions, 'url'>,
    private readonly onClose: () => void,
  ) {
    super();
    topology.on('changed', this.#onChanged);
  }

  get status(): string {
    if (this.#isClosed) return 'end';
    const { slots } = this.topology;
    const serving = this.kind === 'commands' ? [...slots.nodes()] : [...this.#nodes.keys()];
    const isReady = slots.isKnown && serving.every((address) => this.#nodes.get(address)?.status === 'ready');
    return isReady ? 'ready' : 'connecting';
  }

  /** Connections to the single nodes, for what is asked of each. */
  get nodes(): readonly Redis[] {
    return [...this.#nodes.values()];
  }

  /** Another connection to the same cluster, for a read that must not wait behind others. */
  another(): ClusterConnection {
    return withCommands(new ClusterNodes(this.topology, this.kind, this.options, () => undefined));
  }

  disconnect(): void {
    this.#isClosed = true;
    this.topology.off('changed', this.#onChanged);
    for (const node of this.#nodes.values()) node.disconnect();
    this.onClose();
  }

  /** @throws Error like a connection to a single server; in any case when no node is known to serve the slot */
  async run(name: CommandName, args: readonly Argument[]): Promise<unknown> {
    const { slots } = this.topology;
    const slot = slotOf(keyOf(name, args));
    const begun = performance.now();
    let address = slots.owner(slot);
    let isAsking = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#send(address, isAsking, name, args);
      } catch (error) {
        const redirect = address === undefined ? undefined : redirectOf(error, nodeAt(address).host);
        if (redirect?.kind === 'MOVED') slots.moved(slot, redirect.address);
        if (redirect?.kind === 'MOVED' || isOfNode(error)) this.topology.refresh();
        if (!redirect || attempt >= redirectLimit || this.#isLate(begun)) throw error;
        if (redirect.kind === 'TRYAGAIN') await new Promise((resolve) => setTimeout(resolve, tryAgainMs));
        isAsking = redirect.kind === 'ASK';
        address = redirect.kind === 'TRYAGAIN' ? slots.owner(slot) : redirect.address;
      }
    }
  }

  /** A blocking read may hear after its whole time that its stream has moved. */
  #isLate(begun: number): boolean {
    return this.kind === 'commands' && performance.now() - begun > redirectMs;
  }

  /** Without a wait on the way, where the connection stands: commands arrive in the order in which they were given. */
  #send(
    address: string | undefined,
    isAsking: boolean,
    name: CommandName,
    args: readonly Argument[],
  ): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new Error('the connection is closed'));
    if (address === undefined) return Promise.reject(new Error('no node of the cluster serves the slot'));
    const node = this.#node(address);
    const isOpening = node.status === 'connecting' || node.status === 'connect';
    const send = (): Promise<unknown> => {
      // Counts for the command behind it; when it fails, the node sends that command away.
      if (isAsking) node.asking().catch(() => undefined);
      return (node as unknown as AnyCommands)[name](...args);
    };
    return isOpening ? whenReady(node, redirectMs).then(send) : send();
  }

  #node(address: string): Redis {
    const known = this.#nodes.get(address);
    if (known) return known;
    if (this.#nodes.size >= nodesLimit) throw new Error(`more than ${nodesLimit} nodes`);
    const open = this.kind === 'commands' ? commandNode : blockingNode;
    const node = open({ ...this.options, url: this.topology.urlOf(address) });
    // However many calls wait for a connection that is being opened.
    node.setMaxListeners(0);
    this.#nodes.set(address, node);
    node.on('ready', () => this.#announce());
    // Perhaps another node serves its slots now.
    node.on('close', () => this.#isClosed || this.topology.refresh());
    return node;
  }

  /** The map has changed: to where it points, and away from what is gone. */
  #follow(): void {
    const serving = this.topology.slots.nodes();
    if (this.kind === 'commands') for (const address of serving) this.#node(address);
    for (const [address, node] of this.#nodes) {
      if (serving.has(address) || node.status === 'ready') continue;
      node.disconnect();
      this.#nodes.delete(address);
    }
    this.#announce();
  }

  #announce(): void {
    if (this.status === 'ready') this.emit('ready');
  }
}

/** The connections to single servers behind a connection, for settings and health, which each server has of its own. */
export const nodesOf = (connection: RedisConnection): readonly Redis[] =>
  connection instanceof ClusterNodes ? connection.nodes : [connection as Redis];

/** Whether it is the node, or what it knows, and not the command. */
const isOfNode = (error: unknown): boolean =>
  !(error instanceof Error) || error.name !== 'ReplyError' || error.message.startsWith('CLUSTERDOWN');

/** The key that decides where a command goes. @throws Error when there is none */
function keyOf(name: CommandName, args: readonly Argument[]): string | Buffer {
  const at = {
    eval: 2,
    evalsha: 2,
    xread: args.indexOf('STREAMS') + 1,
    xreadBuffer: args.indexOf('STREAMS') + 1,
  };
  const key = args[name in at ? at[name as keyof typeof at] : 0];
  if (typeof key !== 'string' && !Buffer.isBuffer(key)) throw new Error(`${name} names no key`);
  return key;
}

import { didDocument, toBase64url, utf8 } from '@concordat/crypto';
import type { CommandContexts } from '@concordat/eventsourcing';
import type { OperationHandlers } from '@concordat/runtime';
import type { AgentCommands } from './agent-commands';
import type { AgentKeyQueries } from './agent-key.projection';
import { ListCursors } from './list-cursor';

export interface AgentKeyPorts {
  readonly commands: AgentCommands;
  readonly keys: AgentKeyQueries;
  readonly contexts: CommandContexts;
}

/** The operations that tell of the keys of an agent: `agent.keys` of all that it has had, `agent.document` of those that count. */
export function agentKeyHandlers({ commands, keys, contexts }: AgentKeyPorts) {
  return {
    'agent.keys': async ({ did, limit, cursor }, { principal }) => {
      const { tenant } = principal;
      commands.require(tenant, did);
      const cursors = new ListCursors<number>(
        (...parts) => contexts.blindName(...parts),
        ['agent.keys', tenant, did],
      );
      const page = keys.list(tenant, did, cursors.read(cursor) ?? 0, limit + 1);
      const items = page.slice(0, limit);
      const nextCursor = page.length > limit ? cursors.write(items.at(-1)!.number) : null;
      return {
        output: { items: items.map(({ key }) => key), nextCursor },
        position: await commands.here(),
      };
    },

    'agent.document': async ({ did }, { principal }) => {
      const document = didDocument(commands.require(principal.tenant, did));
      const body = toBase64url(utf8(JSON.stringify(document)));
      return { output: { body }, position: await commands.here() };
    },
  } satisfies OperationHandlers;
}

import { actorOf, ConcordatError, hasScope, type OperationInput } from '@concordat/contracts';
import type { Clock, OperationContext, OperationHandlers } from '@concordat/runtime';
import { type AgentCommands, readPublicKey } from './agent-commands';
import type { UpdateAgent } from './agent.decider';
import { requireKeyProof } from './key-proof';

export interface AgentLifePorts {
  readonly commands: AgentCommands;
  readonly clock: Clock;
  readonly audience: string;
}

type Update = OperationInput<'agent.update'>;

/** The operations that change an agent between its registration and its end. */
export function agentLifeHandlers({ commands, clock, audience }: AgentLifePorts) {
  return {
    'agent.update': async (input, context) => {
      const command = toUpdate(input);
      return commands.change(context, input, command, () => requireUpdateAuthority(command, context));
    },

    'agent.suspend': async (input, context) =>
      commands.change(context, input, { kind: 'SuspendAgent', ...input }),

    'agent.resume': async (input, context) =>
      commands.change(context, input, { kind: 'ResumeAgent', ...input }),

    'agent.rotateKey': async (input, context) => {
      const { bytes, key } = readPublicKey(input.publicKey);
      const { did, proof } = input;
      const { tenant, kind, id } = context.principal;
      return commands.change(
        context,
        input,
        { kind: 'RotateAgentKey', did, publicKeys: [key], oldKeyId: proof.oldKeyId },
        () => {
          const { publicKeys } = commands.require(tenant, did);
          // Before the proof: one that can never count is not worth making anew.
          if (did.startsWith('did:key:')) throw new ConcordatError('DID_KEY_FIXED');
          const currentKeys = kind === 'agent' && id === did ? publicKeys : undefined;
          requireKeyProof(input, bytes, { audience, tenant, nowMs: clock.nowMs(), currentKeys });
        },
      );
    },

    'agent.verify': async (input, context) => {
      const { did, statement, withdraw } = input;
      return commands.change(
        context,
        input,
        withdraw
          ? { kind: 'WithdrawVerification', did, statement }
          : { kind: 'VerifyAgent', did, statement, by: actorOf(context.principal) },
      );
    },
  } satisfies OperationHandlers;
}

function toUpdate({ ifMatch, removeController, controllerDid, type, ...rest }: Update): UpdateAgent {
  const isRemoved = removeController === true;
  if (isRemoved && typeof controllerDid === 'string')
    throw new ConcordatError('INPUT_INVALID', 'A controller is either named or removed.');
  const command: UpdateAgent = {
    ...rest,
    kind: 'UpdateAgent',
    agentType: type,
    controllerDid: isRemoved ? null : controllerDid,
    expectedVersion: ifMatch === undefined ? undefined : Number(ifMatch.replaceAll('"', '')),
  };
  const { name, metadata, agentType, relationshipType } = command;
  if (
    [name, metadata, agentType, relationshipType, command.controllerDid].every((field) => field === undefined)
  )
    throw new ConcordatError('INPUT_INVALID', 'Nothing is to be changed: name at least one field.');
  return command;
}

/** By its type and its controller others decide what an agent may do, so whoever it obeys does not change those. */
function requireUpdateAuthority(
  { agentType, controllerDid, relationshipType }: UpdateAgent,
  { principal }: OperationContext,
): void {
  const isReassigned = [agentType, controllerDid, relationshipType].some((field) => field !== undefined);
  if (isReassigned && !hasScope(principal, 'admin'))
    throw new ConcordatError('SCOPE_MISSING', 'Another type or controller needs the scope "admin".');
}

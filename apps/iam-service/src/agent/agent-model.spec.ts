import { type DatedKey, isConcordatError, keysAt } from '@concordat/contracts';
import fc from 'fast-check';
import { type Agent, type AgentCommand, agentDecider, type AgentState } from './agent.decider';

/** The life of an agent and of its keys against a naive model of both, over any sequence of commands. */

const did = 'did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff';
const kids = ['k0', 'k1', 'k2', 'k3'];
const others = ['did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp', null, did];
const keysOf = (kid: string) => [{ alg: 'Ed25519' as const, kid, value: 'AA' }];
const kid = fc.constantFrom(...kids);
const name = fc.constantFrom('Ada', 'Bea');

const command: fc.Arbitrary<AgentCommand> = fc.oneof(
  kid.map((first) => ({
    ...{ kind: 'RegisterAgent' as const, did, name: 'Ada', agentType: 'CLAUDE', metadata: {} },
    ...{ publicKeys: keysOf(first), controllerDid: null, relationshipType: 'owner' },
  })),
  fc
    .record({ name, controllerDid: fc.constantFrom(...others) }, { requiredKeys: [] })
    .map((fields) => ({ kind: 'UpdateAgent' as const, did, ...fields })),
  fc.record({ wanted: kid, oldKeyId: kid }).map(({ wanted, oldKeyId }) => ({
    ...{ kind: 'RotateAgentKey' as const, did, publicKeys: keysOf(wanted), oldKeyId },
  })),
  fc.constantFrom<AgentCommand>(
    { kind: 'SuspendAgent', did, reason: 'r' },
    { kind: 'ResumeAgent', did },
    { kind: 'VerifyAgent', did, statement: 's', by: 'user:u' },
    { kind: 'WithdrawVerification', did, statement: 's' },
    { kind: 'RevokeAgent', did, reason: 'r' },
    { kind: 'EraseAgent', did },
  ),
);

interface Model {
  status: Agent['status'] | 'unknown';
  name: string | null;
  controllerDid: string | null;
  isVerified: boolean;
  /** Every key, oldest first, with the step at which it came. */
  keys: { kid: string; from: number }[];
  endedAt: number | undefined;
}

const unknown = (): Model => ({
  ...{ status: 'unknown', name: null, controllerDid: null, isVerified: false, keys: [], endedAt: undefined },
});

/** What a reader of the documentation would expect. @returns the code of the refusal, if it is refused */
function expected(model: Model, asked: AgentCommand, step: number): string | undefined {
  if (asked.kind === 'RegisterAgent') {
    if (model.status !== 'unknown') return 'AGENT_ALREADY_REGISTERED';
    Object.assign(model, { status: 'active', name: asked.name });
    model.keys.push({ kid: asked.publicKeys[0]!.kid, from: step });
    return undefined;
  }
  if (model.status === 'unknown') return 'AGENT_UNKNOWN';
  const hasEnded = model.status === 'revoked' || model.status === 'erased';
  if (asked.kind === 'RevokeAgent' || asked.kind === 'EraseAgent') {
    if (asked.kind === 'EraseAgent')
      Object.assign(model, { status: 'erased', name: null, isVerified: false });
    else if (!hasEnded) model.status = 'revoked';
    model.endedAt ??= step;
    return undefined;
  }
  if (hasEnded) return 'AGENT_REVOKED';
  if (asked.kind === 'SuspendAgent') model.status = 'suspended';
  if (asked.kind === 'ResumeAgent') model.status = 'active';
  if (asked.kind === 'VerifyAgent') model.isVerified = true;
  if (asked.kind === 'WithdrawVerification') model.isVerified = false;
  if (asked.kind === 'UpdateAgent') return expectedUpdate(model, asked);
  return asked.kind === 'RotateAgentKey' ? expectedRotation(model, asked, step) : undefined;
}

function expectedUpdate(model: Model, asked: Extract<AgentCommand, { kind: 'UpdateAgent' }>) {
  if (asked.controllerDid === did) return 'CONTROLLER_CYCLE';
  const before = [model.name, model.controllerDid];
  model.name = asked.name ?? model.name;
  if (asked.controllerDid !== undefined) model.controllerDid = asked.controllerDid;
  if (model.name !== before[0] || model.controllerDid !== before[1]) model.isVerified = false;
  return undefined;
}

function expectedRotation(
  model: Model,
  asked: Extract<AgentCommand, { kind: 'RotateAgentKey' }>,
  step: number,
) {
  const wanted = asked.publicKeys[0]!.kid;
  const current = model.keys.at(-1)!.kid;
  if (wanted === current) return undefined;
  if (asked.oldKeyId !== current) return 'KEY_PROOF_INVALID';
  if (model.keys.some((key) => key.kid === wanted)) return 'KEY_ALREADY_USED';
  model.keys.push({ kid: wanted, from: step });
  return undefined;
}

const timeOf = (step: number): string => new Date(1_000 * step).toISOString();

/** The keys with their times, as the projection would make them from the events. */
function history(commands: readonly AgentCommand[]): { keys: DatedKey[]; state: AgentState } {
  let state: AgentState = agentDecider.initialState;
  let keys: DatedKey[] = [];
  const end = (step: number): void => {
    keys = keys.map((key) => ({ ...key, validUntil: key.validUntil ?? timeOf(step) }));
  };
  for (const [step, asked] of commands.entries()) {
    let events: readonly Parameters<typeof agentDecider.evolve>[1][] = [];
    try {
      events = agentDecider.decide(asked, state);
    } catch (error) {
      if (!isConcordatError(error)) throw error;
    }
    for (const event of events) {
      state = agentDecider.evolve(state, event, timeOf(step));
      if (/agent\.(revoked|erased)|key\.rotated/.test(event.type)) end(step);
      if ('publicKeys' in event.data)
        for (const key of event.data.publicKeys)
          keys.push({ ...key, validFrom: timeOf(step), validUntil: null });
    }
  }
  return { keys, state };
}

const sequences = fc.array(command, { maxLength: 24 });

describe('any sequence of commands', () => {
  it('is accepted and refused as the model says, and comes to the same identity', () => {
    fc.assert(
      fc.property(sequences, (commands) => {
        const model = unknown();
        let state: AgentState = agentDecider.initialState;
        for (const [step, asked] of commands.entries()) {
          const wanted = expected(model, asked, step);
          let refused: string | undefined;
          try {
            const events = agentDecider.decide(asked, state);
            state = events.reduce((folded, event) => agentDecider.evolve(folded, event, timeOf(step)), state);
          } catch (error) {
            refused = isConcordatError(error) ? error.code : String(error);
          }
          expect([asked.kind, refused]).toEqual([asked.kind, wanted]);
          expect(state?.status ?? 'unknown').toBe(model.status);
          expect(state?.name ?? null).toBe(model.name);
          expect(state?.controllerDid ?? null).toBe(model.controllerDid);
          expect((state?.verification ?? null) !== null).toBe(model.isVerified);
          expect(state?.publicKeys.map((key) => key.kid)).toEqual(
            model.keys.length === 0 ? undefined : [model.keys.at(-1)!.kid],
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('asked for once more makes no event, or is refused as before', () => {
    fc.assert(
      fc.property(sequences, command, (commands, asked) => {
        let { state } = history(commands);
        try {
          const events = agentDecider.decide(asked, state);
          state = events.reduce((folded, event) => agentDecider.evolve(folded, event, timeOf(99)), state);
        } catch {
          return;
        }
        if (asked.kind !== 'RegisterAgent') expect(agentDecider.decide(asked, state)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves at every moment the key that the model says, and after the end none', () => {
    fc.assert(
      fc.property(sequences, fc.nat({ max: 30 }), (commands, moment) => {
        const model = unknown();
        for (const [step, asked] of commands.entries()) expected(model, asked, step);
        const { keys } = history(commands);
        const wanted =
          model.endedAt !== undefined && model.endedAt <= moment
            ? undefined
            : model.keys.filter(({ from }) => from <= moment).at(-1)?.kid;
        const found = keysAt(keys, timeOf(moment)).map((key) => key.kid);
        expect(found).toEqual(wanted === undefined ? [] : [wanted]);
      }),
      { numRuns: 1_000 },
    );
  });
});

import { type OperationSpec, type PolicyRequest, type Principal } from '@concordat/contracts';

type Fields = Readonly<Record<string, unknown>>;
type Resource = Pick<PolicyRequest['resource'], 'type' | 'id'> & { readonly owner: string | null };

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** Whose memory it is: an agent's, or nobody's in particular. */
const personaOwner = (persona: unknown): string | null =>
  typeof persona === 'string' && persona.startsWith('did:') ? `agent:${persona}` : null;

/** Nouns whose operations name their thing by another field than the first of the path. */
const special: Readonly<Record<string, (input: Fields, principal: Principal) => Omit<Resource, 'type'>>> = {
  memory: ({ key, persona }) => ({ id: text(key), owner: personaOwner(persona) }),
  consent: ({ grantee, persona }) => ({ id: text(grantee), owner: personaOwner(persona) }),
  // Everybody has one inbox.
  inbox: (_input, { kind, id }) => ({ id, owner: `${kind}:${id}` }),
  message: ({ id, to }) => ({ id: text(id) ?? text(to), owner: null }),
  session: ({ id, userId }) => ({ id: text(id), owner: text(userId) && `user:${text(userId)}` }),
  limit: ({ id }) => ({ id: text(id), owner: null }),
  delegation: ({ id, to }) => ({ id: text(id) ?? text(to), owner: null }),
};

/**
 * What an operation is done to, as policies see it: the type is the noun of its name, the id what the path names first.
 * @param input as the schema of the operation has parsed it
 */
export function resourceOf(operation: OperationSpec, input: unknown, principal: Principal): Resource {
  const type = operation.name.slice(0, operation.name.indexOf('.'));
  const fields = input as Fields;
  const own = Object.hasOwn(special, type) ? special[type] : undefined;
  if (own) {
    const { id, owner } = own(fields, principal);
    return { type, id, owner };
  }
  const named = /\{([A-Za-z]+)\+?\}/.exec(operation.http?.path ?? '')?.[1];
  return { type, id: named === undefined ? null : text(fields[named]), owner: null };
}

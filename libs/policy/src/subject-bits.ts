import {
  policyRoles,
  type PolicyRequest,
  type PolicyRole,
  scope,
  type Scope,
  type SubjectKind,
  subjectKinds,
  userRoles,
} from '@concordat/contracts';

// Kinds, roles and scopes are few, so sets of them are bits of a number: what nearly all rules ask first costs one AND.
const bitsOf = <T extends string>(names: readonly T[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, index) => [name, 1 << index]));

const kindBit = bitsOf(subjectKinds);
const roleBit = bitsOf(policyRoles);
const userRoleBit = new Map([...roleBit].filter(([name]) => (userRoles as readonly string[]).includes(name)));
const scopeBit = bitsOf(scope.options);
const readAndWrite = scopeBit.get('read')! | scopeBit.get('write')!;

function union(bits: ReadonlyMap<string, number>, names: readonly string[]): number {
  let all = 0;
  for (const name of names) all |= bits.get(name) ?? 0;
  return all;
}

/** 0, which no rule asks for, for a kind that does not exist. */
export const kindBits = (kinds: readonly SubjectKind[]): number => union(kindBit, kinds);
export const roleBits = (roles: readonly PolicyRole[]): number => union(roleBit, roles);
/** What a rule asks for: one of these. */
export const scopeBits = (scopes: readonly Scope[]): number => union(scopeBit, scopes);

/** The roles that count: an agent or a key has the one of its kind, whatever else the request says. */
export function heldRoleBits({ kind, roles }: PolicyRequest['subject']): number {
  if (kind === 'agent') return roleBit.get('agent')!;
  if (kind === 'apiKey') return roleBit.get('service')!;
  return kind === 'user' ? union(userRoleBit, roles) : 0;
}

/** The scopes that count: `admin` is also read and write (`hasScope`). */
export function heldScopeBits({ scopes }: PolicyRequest['subject']): number {
  const held = union(scopeBit, scopes);
  return (held & scopeBit.get('admin')!) === 0 ? held : held | readAndWrite;
}

export const heldRoles = (subject: PolicyRequest['subject']): PolicyRole[] =>
  policyRoles.filter((role) => (heldRoleBits(subject) & roleBit.get(role)!) !== 0);

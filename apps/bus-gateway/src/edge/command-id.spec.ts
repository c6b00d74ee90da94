import type { Principal } from '@concordat/contracts';
import { administrator, agentPrincipal, newAgent } from '@concordat/testing';
import fc from 'fast-check';
import { commandIdFor, commandIdOf, mayComeAgain } from './command-id';

const send = { name: 'message.send' as const };
const ada = agentPrincipal(newAgent().did);

describe('the id of a command', () => {
  it('is the same for the same key of the same caller for the same operation, with whatever token', () => {
    expect(commandIdOf(send, ada, 'k')).toBe(
      commandIdOf(send, { ...ada, tokenId: 'another' } as Principal, 'k'),
    );
  });

  it('is another for another tenant, caller, kind of caller, operation or key', () => {
    const { did } = newAgent();
    const ids = [
      commandIdOf(send, ada, 'k'),
      commandIdOf(send, agentPrincipal(ada.id, 'acme'), 'k'),
      commandIdOf(send, agentPrincipal(did), 'k'),
      commandIdOf(send, administrator(), 'k'),
      commandIdOf(send, administrator('acme'), 'k'),
      commandIdOf({ name: 'agent.register' }, ada, 'k'),
      commandIdOf(send, ada, 'K'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('does not depend on where one part ends and the next begins', () => {
    const parts = fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), fc.stringMatching(/^[!-~]{1,4}$/));
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const [first, second] = [a, b].map(([name, key]) => commandIdOf({ name: `x.${name}` }, ada, key));
        expect(first === second).toBe(a.join('\n') === b.join('\n'));
      }),
    );
  });

  it('without a key is never the same, and is known to be one that cannot come again', () => {
    const [one, other] = [commandIdOf(send, ada, undefined), commandIdOf(send, ada, undefined)];
    expect(one).not.toBe(other);
    expect(mayComeAgain(one)).toBe(false);
    expect(mayComeAgain(commandIdOf(send, ada, 'k'))).toBe(true);
  });

  it('is refused for a key that is empty, too long, or not visible ASCII', () => {
    for (const key of ['', ' ', 'a b', 'a\tb', 'é', '\0', 'x'.repeat(256), 'a\n'])
      expect(() => commandIdOf(send, ada, key)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    expect(commandIdOf(send, ada, 'x'.repeat(255))).toHaveLength(43);
  });

  it('of callers who have not said who they are / is theirs alone', () => {
    const id = commandIdOf(
      { name: 'auth.token' },
      { kind: 'anonymous', tenant: 'default', id: 'anonymous', scopes: [] },
      'k',
    );
    const ids = [
      commandIdFor(id, 'default', 'a'),
      commandIdFor(id, 'default', 'b'),
      commandIdFor(id, 'acme', 'a'),
      id,
    ];
    expect(new Set(ids).size).toBe(4);
    expect(commandIdFor(id, 'default', 'a')).toBe(ids[0]);
    const unnamed = commandIdOf(send, ada, undefined);
    expect(commandIdFor(unnamed, 'default', 'a')).toBe(unnamed);
  });
});

import { role, scope } from './names';
import { roleScopes, scopesOf } from './roles';

describe('the roles', () => {
  it('have scopes, each of them, and only the administrator has all', () => {
    for (const name of role.options) expect(roleScopes[name].length).toBeGreaterThan(0);
    const withAll = role.options.filter((name) => roleScopes[name].length === scope.options.length);
    expect(withAll).toEqual(['admin']);
  });

  it('give administration to administrators only, and let an auditor change nothing', () => {
    expect(role.options.filter((name) => roleScopes[name].includes('admin'))).toEqual(['admin']);
    expect(roleScopes.auditor).toEqual(['read', 'governance']);
  });

  it('add up, each scope once', () => {
    expect(scopesOf([])).toEqual([]);
    expect(scopesOf(['auditor', 'developer', 'user']).sort()).toEqual([
      'governance',
      'read',
      'workflows',
      'write',
    ]);
  });
});

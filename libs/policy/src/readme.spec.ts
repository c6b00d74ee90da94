import * as contracts from '@concordat/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as policy from './index';

const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');

it('the example of the README runs', () => {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readme)!;
  const run = new Function('require', `${code!}; return { policies, request };`) as (
    load: (name: string) => object,
  ) => { policies: policy.TenantPolicies; request: contracts.PolicyRequest };
  const { policies, request } = run((name) => (name === '@concordat/policy' ? policy : contracts));
  const said = /decide\(request\); \/\/ (\{.*\})/.exec(code!)![1]!;
  expect(policies.decide(request)).toEqual(new Function(`return ${said}`)());
  expect(policies.explain(request).explain.length).toBeGreaterThan(1);
});

it('the files that the README names are there', () => {
  const named = [...readme.matchAll(/`((?:src|libs|docs)\/[\w/.-]+)`/g)].map(([, path]) => path!);
  for (const path of named) {
    const folder = path.startsWith('src/') ? ['..'] : ['..', '..', '..'];
    expect(() => readFileSync(join(__dirname, ...folder, path))).not.toThrow(/ENOENT/);
  }
  expect(named.length).toBeGreaterThan(10);
});

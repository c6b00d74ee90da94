import { type Policy, policyJsonSchema, type PolicyRule } from '@concordat/contracts';
import { builtinPolicies, compilePolicies, decisionTable, probes, reachText } from '@concordat/policy';
import { note, type Page, table } from './page';

export function policiesPage(): Page {
  const rows = decisionTable(compilePolicies(builtinPolicies)).map(({ action, reach }) => [
    `\`${action}\``,
    ...reach.map(reachText),
  ]);
  const text = `# Policies

${note}

Who may do what before a tenant has policies of its own. What no rule allows is denied; a rule that denies outweighs all
that allow; nobody may what is another tenant's. How a decision comes about: [libs/policy](../libs/policy/README.md). What
people write is checked against [policy.schema.json](policy.schema.json).

## Roles and operations

Asked of the rules, in the tenant \`default\`. **yes**: without more. A relationship: to that to which the caller stands in
this way. **–**: not at all. Agents have the scopes of a login, all but \`admin\`; \`key\` is an API key with that one scope,
and what an operation asks for beside ([operations](operations.md): who, scope) it asks for first.

${table(['operation', ...probes.map(({ title }) => title)], rows)}

## Built-in policies

In force in every tenant; nobody can write them. Their sources are in \`libs/policy/src/builtin/\`.

${builtinPolicies.map(policyText).join('\n\n')}
`;
  return { file: 'docs/policies.md', text };
}

export const policySchemaFile = (): Page => ({
  file: 'docs/policy.schema.json',
  text: `${JSON.stringify({ title: 'A policy of Concordat', ...policyJsonSchema() }, null, 2)}\n`,
});

const policyText = ({ id, description, rules }: Policy): string => `### ${id}

${description}

${table(['rule', 'effect', 'who', 'operations', 'when', 'why'], rules.map(ruleCells))}`;

const ruleCells = ({
  id,
  effect,
  subjects = {},
  actions,
  relationship,
  conditions,
  unless,
  description,
}: PolicyRule): string[] => [
  `\`${id}\``,
  effect,
  Object.entries(subjects)
    .map(([name, wanted]) => `${name}: ${[wanted].flat().join(', ')}`)
    .join('; ') || (effect === 'deny' ? 'everybody' : 'any credential'),
  actions.map((action) => `\`${action}\``).join(' '),
  [
    ...(relationship ? [`is ${relationship.join(' or ')}`] : []),
    ...(conditions ? [conditionText(conditions)] : []),
    ...(unless ? [`unless ${conditionText(unless)}`] : []),
  ].join('; ') || '–',
  description ?? '–',
];

const conditionText = (conditions: object): string =>
  Object.entries(conditions)
    .map(([name, wanted]) => `${name}: ${JSON.stringify(wanted)}`)
    .join(', ');

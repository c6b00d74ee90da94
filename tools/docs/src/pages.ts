import {
  commonErrors,
  credentialErrors,
  errorCatalogue,
  type ErrorCode,
  errorDefinition,
  eventList,
  limits,
  operationList,
  streamErrors,
} from '@concordat/contracts';
import { auditExportsPage } from './audit-exports-page';
import { note, type Page, table } from './page';
import { policiesPage, policySchemaFile } from './policies-page';

function errorsPage(): Page {
  const rows = (Object.keys(errorCatalogue) as ErrorCode[]).map((code) => {
    const { status, grpc, title, fix } = errorDefinition(code);
    return [`\`${code}\``, String(status), `\`${grpc}\``, title, fix];
  });
  const text = `# Errors

${note}

Every refusal is \`application/problem+json\` (RFC 9457) with \`type, title, status, detail, code, fix, traceId, errors[]\`;
over gRPC the code is the \`reason\` of \`google.rpc.ErrorInfo\`. Programs decide by \`code\`; people read \`fix\`.

${table(['code', 'HTTP', 'gRPC', 'what', 'fix'], rows)}

Any operation may answer with ${list(commonErrors)}; any operation that needs a credential also with
${list(credentialErrors)}, any stream with
${list(streamErrors)}.
`;
  return { file: 'docs/errors.md', text };
}

function operationsPage(): Page {
  const rows = operationList.map(({ name, service, http, caller, scope, kind, summary, errors }) => [
    `\`${name}\``,
    http ? `\`${http.method} ${http.path}\`` : '–',
    service,
    kind,
    scope ? `${caller}, \`${scope}\`` : caller,
    summary,
    errors.length === 0 ? '–' : errors.map((code) => `\`${code}\``).join(' '),
  ]);
  const text = `# Operations

${note}

What a caller may ask, declared once in \`libs/contracts/src/operations/\`. HTTP routes, OpenAPI, SDK and CLI derive from
it; gRPC methods name the operation they serve.

${table(['operation', 'HTTP', 'owner', 'kind', 'who', 'what', 'own errors'], rows)}
`;
  return { file: 'docs/operations.md', text };
}

function eventsPage(): Page {
  const rows = eventList.map((spec) => [
    `\`${spec.type}\``,
    spec.summary,
    Object.keys(spec.data.shape)
      .map((field) => describeField(spec.sealed?.fields ?? [], spec.local ?? [], field))
      .join(', '),
    spec.control ? 'yes' : '–',
  ]);
  const text = `# Events

${note}

Fields in **bold** are sealed: encrypted under a key that erasure destroys. Fields in *italics* never leave the store of
their service; the published event carries their SHA-256. Control events travel on the control lane too.

${table(['type', 'what', 'data', 'control'], rows)}
`;
  return { file: 'docs/events.md', text };
}

function describeField(sealed: readonly string[], local: readonly string[], field: string): string {
  const text = sealed.includes(field) ? `**${field}**` : field;
  return local.includes(field) ? `*${text}*` : text;
}

function limitsPage(): Page {
  const rows = Object.entries(limits).map(([name, value]) => [`\`${name}\``, value.toLocaleString('en')]);
  const text = `# Limits

${note}

Bounds that more than one process must agree on (\`libs/contracts/src/limits.ts\`). Reaching one refuses the request;
nothing is ever trimmed to make room. The unit is the last word of the name.

${table(['limit', 'value'], rows)}

What is counted where it may not be plain: \`inboxMessages\` are those of one inbox that wait or are leased, and its dead
letters. A group of a topic has as much room in every partition, because no partition asks another: \`INBOX_FULL\` names
the group that is full in the partition of the message. That is the partition of its ordering key; without one it is another
for every message, so the group holds about that number times the partitions. \`broadcasts\` are those of a tenant under
way in one partition, and each lies in all of them. \`schedulesPerOwner\` and \`schedules\` count those that are paused too.
`;
  return { file: 'docs/limits.md', text };
}

const list = (codes: readonly string[]): string => codes.map((code) => `\`${code}\``).join(', ');

export const pages = (): Page[] => [
  errorsPage(),
  operationsPage(),
  eventsPage(),
  limitsPage(),
  policiesPage(),
  policySchemaFile(),
  auditExportsPage(),
];

import {
  cefMapping,
  ecsMapping,
  ecsVersion,
  type EventFacts,
  type MappingRow,
  ocsfMapping,
  ocsfVersion,
} from '@concordat/audit-export';
import { type Page, table } from './page';

const rowsOf = (mapping: readonly MappingRow<EventFacts>[]): string =>
  table(
    ['field', 'of the event'],
    mapping.map(({ field, from }) => [`\`${field}\``, from]),
  );

/** What exports look like; the tables are those that write them. */
export function auditExportsPage(): Page {
  const text = `# Exports of the audit trail

<!-- Made from the mappings in libs/audit-export by \`npx nx run docs:write\`; a test compares. -->

\`./concordat audit export --format ndjson|ocsf|ecs|cef --out FILE\` (\`GET /v1/audit/export\`) writes events in the order of the
log, as far as the reader sees them and the filter asks for them. \`./concordat audit verify-export FILE\` proves, without a
connection, that no line was changed, left out, doubled or moved, and that every event is in the log
([ADR 40](adr/0040-exports-that-prove-themselves.md)).

Each line proves itself by what stands in it beside the event:

| name | what |
| --- | --- |
| \`logIndex\` | index of the leaf in the log |
| \`gap\` | hashes of the complete subtrees (RFC 6962 §2.1) of the entries between the event before and this one, base64url |
| \`salt\`, \`body\` | what the leaf is built from beside the event: the salt, and the SHA-256 of the stored ciphertext |
| \`leaf\` | instead of event, salt and body, when nobody can read the event any more |
| \`chain\` | SHA-256 of the chain value of the line before and of this line without its value; the first follows on SHA-256 of \`concordat/audit-export/v1\` and a newline |

The last line is the manifest: filter, reader, count, first and last index, the chain value of the last line (\`digest\`), the
rest of the gap, the checkpoint of the log, and, if it was asked for (\`since\`), the proof that this log continues an older one.
It is signed by the key of the log: a C2SP signed note whose first line is \`concordat/audit-export/v1\` and the name of the log,
and whose second is the manifest in canonical JSON.

| format | event | proof | manifest |
| --- | --- | --- | --- |
| NDJSON | \`event\` | beside it | \`{"manifest", "signature"}\` |
| OCSF | \`raw_data\` | \`unmapped.concordat\` | a Base Event (class 0) |
| ECS | \`event.original\` | \`concordat\` | a document with \`event.action: audit-manifest\` |
| CEF | \`ConcordatEvent\` | \`ConcordatProof\` (JSON), \`ConcordatChain\` | an event \`manifest\` |

Services, nouns and verbs are those of the type, \`concordat.<service>.<noun>.<verb>.v<n>\`. Of an event that nobody can read any
more there are id, type and time.

## OCSF ${ocsfVersion}

Sessions, logins, handshakes and tokens are Authentication (3002), what else iam and vault tell is Entity Management (3004),
everything else API Activity (6003); events that nobody can read any more are Base Events (0).

${rowsOf(ocsfMapping)}

## ECS ${ecsVersion}

${rowsOf(ecsMapping)}

## CEF, version 0

Header: \`CEF:0|Concordat|Concordat|1|<type>|<noun> <verb>|<3, refusals and failures 6>|\`. In it backslash and pipe are escaped, in
extensions backslash, equals sign and line ends.

${rowsOf(cefMapping)}
`;
  return { file: 'docs/audit-exports.md', text };
}

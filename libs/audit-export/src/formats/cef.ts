import { type EventFacts, factsOf } from '../facts';
import type { Format, MappingRow } from '../format';
import { proofOf, readManifest, readProof, requireEvent } from '../proof-fields';

/**
 * Escaping of the ArcSight Common Event Format, version 0: in the header backslash and pipe; in extensions backslash,
 * equals sign and the ends of lines. A header has one line.
 */
const inHeader = (text: string): string => text.replace(/[\r\n]/g, ' ').replace(/[\\|]/g, '\\$&');
const inExtension = (text: string): string =>
  text.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
const fromExtension = (text: string): string =>
  text.replace(/\\(.)/g, (_, next: string) => (next === 'n' ? '\n' : next === 'r' ? '\r' : next));

export const cefMapping: readonly MappingRow<EventFacts>[] = [
  { field: 'rt', from: 'time, in milliseconds', value: ({ timeMs }) => timeMs },
  { field: 'externalId', from: 'id', value: ({ id }) => id },
  { field: 'cat', from: 'service and noun of the type', value: ({ service, noun }) => `${service}.${noun}` },
  { field: 'act', from: 'verb of the type', value: ({ verb }) => verb },
  {
    field: 'outcome',
    from: 'failure for refusals and failures, else success',
    value: ({ failed }) => (failed ? 'failure' : 'success'),
  },
  { field: 'suser', from: 'actor', value: ({ actor }) => actor },
  { field: 'duser', from: 'subject', value: ({ subject }) => subject },
  { field: 'deviceProcessName', from: 'source', value: ({ source }) => source },
  { field: 'cn1', from: 'index in the log', value: ({ logIndex }) => logIndex },
  { field: 'cn1Label', from: 'constant', value: () => 'logIndex' },
  { field: 'cs1', from: 'tenant', value: ({ tenant }) => tenant },
  { field: 'cs1Label', from: 'constant, with cs1', value: ({ tenant }) => tenant && 'tenant' },
  { field: 'cs2', from: 'correlation', value: ({ correlation }) => correlation ?? undefined },
  {
    field: 'cs2Label',
    from: 'constant, with cs2',
    value: ({ correlation }) =>
      correlation === null || correlation === undefined ? undefined : 'correlation',
  },
  { field: 'cs3', from: 'traceparent', value: ({ traceId }) => traceId },
  { field: 'cs3Label', from: 'constant, with cs3', value: ({ traceId }) => traceId && 'traceId' },
];

/** Names of ours, as the format has them for what its dictionary lacks. `=` is escaped in values, so ` name=` is a name. */
const [eventKey, proofKey, chainKey] = [' ConcordatEvent=', ' ConcordatProof=', ' ConcordatChain='] as const;

const header = (id: string, name: string, severity: number): string =>
  `CEF:0|Concordat|Concordat|1|${inHeader(id)}|${inHeader(name)}|${severity}|`;

/** Text behind the key, up to the end. @returns what stands before, and the value; undefined when the key is not there */
function cut(line: string, key: string): { before: string; value: string } | undefined {
  const at = line.lastIndexOf(key);
  return at < 0
    ? undefined
    : { before: line.slice(0, at), value: fromExtension(line.slice(at + key.length)) };
}

/** Lines of CEF, without the prefix of syslog, which belongs to the transport. */
export const cef: Format = {
  render(record) {
    requireEvent(record);
    const facts = factsOf(record);
    const extensions = cefMapping.flatMap(({ field, value }) => {
      const found = value(facts);
      return found === undefined ? [] : [`${field}=${inExtension(String(found))}`];
    });
    const event = facts.text === undefined ? '' : `${eventKey}${inExtension(facts.text)}`;
    const proof = `${proofKey}${inExtension(JSON.stringify(proofOf(record)))}`;
    const start = header(facts.type, `${facts.noun} ${facts.verb}`, facts.failed ? 6 : 3);
    return { head: `${start}${extensions.join(' ')}${event}${proof}${chainKey}`, tail: '' };
  },

  renderManifest: ({ text, signature }) =>
    `${header('manifest', 'export manifest', 0)}cat=audit.export${eventKey}${inExtension(text)}${proofKey}${inExtension(JSON.stringify({ signature }))}`,

  read(line) {
    const chain = cut(line, chainKey);
    const proof = cut(chain?.before ?? line, proofKey);
    if (!proof) throw new Error('the line has no proof');
    const event = cut(proof.before, eventKey)?.value;
    const fields = JSON.parse(proof.value) as object;
    return chain ? readProof({ ...fields, chain: chain.value }, event) : readManifest(fields, event);
  },
};

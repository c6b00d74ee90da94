import type { Json } from '../http/openapi-parts';

interface Reference {
  readonly $ref: string;
}
interface Channel {
  readonly address: string | null;
  readonly title?: string;
  readonly description?: string;
  readonly messages: Readonly<Record<string, Reference>>;
}
interface Operation {
  readonly action: string;
  readonly summary: string;
  readonly channel: Reference;
}
interface Message {
  readonly name: string;
  readonly summary?: string;
  readonly description?: string;
  readonly payload?: unknown;
}
interface AsyncApi {
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
}

const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Concordat: messages and events</title>
<link rel="stylesheet" href="/docs/reference.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<nav><a href="/docs">Operations</a> <a href="/docs/events">Messages and events</a> <a href="/openapi.json">OpenAPI</a> <a href="/asyncapi.json">AsyncAPI</a></nav>
<main>
<h1>Messages and events</h1>
`;

/** The AsyncAPI document for people: every channel with its messages and their schemas, as a page without scripts. */
export function eventsPage(document: Json): string {
  const { channels, operations } = document as unknown as AsyncApi;
  const sections = Object.entries(channels).map(([id, channel]) => {
    const done = Object.values(operations).filter(({ channel: on }) => resolve(document, on) === channel);
    const actions = done.map(({ action, summary }) => `<li>${escape(`${verbs[action]}: ${summary}`)}</li>`);
    const messages = Object.values(channel.messages).map((message) =>
      describeMessage(document, resolve(document, message) as Message),
    );
    const note = channel.description === undefined ? '' : `<p>${escape(channel.description)}</p>`;
    return [
      `<section id="${escape(id)}">`,
      `<h2>${escape(id)}: <code>${escape(channel.address ?? channel.title ?? '')}</code></h2>`,
      `${note}<ul>${actions.join('')}</ul>`,
      ...messages,
      '</section>',
    ].join('\n');
  });
  return `${head}${sections.join('\n')}\n</main>\n</body>\n</html>\n`;
}

const verbs: Readonly<Record<string, string>> = { send: 'Concordat sends', receive: 'Concordat receives' };

function describeMessage(document: Json, { name, summary, description, payload }: Message): string {
  const words = [summary, description].filter((part) => part !== undefined).join(' ');
  const schema = payload === undefined ? '' : `<pre>${escape(textOf(document, payload))}</pre>`;
  return `<details><summary><code>${escape(name)}</code> ${escape(words)}</summary>${schema}</details>`;
}

/** A schema as people read it: JSON, or the text of a `.proto` file. */
function textOf(document: Json, payload: unknown): string {
  const schema = resolve(document, payload);
  const { schema: source } = Object(schema) as { schema?: unknown };
  return typeof source === 'string' ? source : JSON.stringify(schema, undefined, 2);
}

/** What a reference within the document means (RFC 6901); anything else is itself. */
function resolve(document: Json, value: unknown): unknown {
  const { $ref: to } = Object(value) as Partial<Reference>;
  if (to === undefined) return value;
  const path = to.slice(2).split('/');
  return path
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (at as Json)[part], document);
}

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

export const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!);

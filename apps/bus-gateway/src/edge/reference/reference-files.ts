import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encoders } from '../http/content-coding';
import { openApiDocument } from '../http/openapi';
import type { Json } from '../http/openapi-parts';
import { asyncApiDocument } from './asyncapi';
import { eventsPage } from './events-page';
import { initializer, operationsPage, referenceStyle } from './reference-page';

/** Something to read, made when it is first asked for and the same from then on. */
export interface ReferenceFile {
  readonly path: string;
  readonly type: string;
  read(): ReadFile;
}

interface ReadFile {
  readonly body: Buffer;
  /** Weak: the same for every coding of the body (RFC 9110 §8.8.3.3). */
  readonly etag: string;
  /** The body in a coding, made once: nobody can make the gateway pack a megabyte as often as he asks. */
  readonly encode: (coding: string) => Promise<Buffer>;
}

const html = 'text/html; charset=utf-8';
const css = 'text/css; charset=utf-8';
const script = 'text/javascript; charset=utf-8';
const json = 'application/json; charset=utf-8';

const fromSwaggerUi = (name: string) => (): Buffer =>
  readFileSync(join(dirname(require.resolve('swagger-ui-dist/package.json')), name));

let asyncApi: Json | undefined;
const theAsyncApi = (): Json => (asyncApi ??= asyncApiDocument());

/** All that there is: a path of a request is compared with these, and never becomes the path of a file. */
export const referenceFiles: readonly ReferenceFile[] = [
  file('/openapi.json', json, () => JSON.stringify(openApiDocument())),
  file('/asyncapi.json', json, () => JSON.stringify(theAsyncApi())),
  file('/docs', html, () => operationsPage),
  file('/docs/', html, () => operationsPage),
  file('/docs/events', html, () => eventsPage(theAsyncApi())),
  file('/docs/initializer.js', script, () => initializer),
  file('/docs/reference.css', css, () => referenceStyle),
  file('/docs/swagger-ui-bundle.js', script, fromSwaggerUi('swagger-ui-bundle.js')),
  file('/docs/swagger-ui.css', css, fromSwaggerUi('swagger-ui.css')),
  file('/docs/favicon-32x32.png', 'image/png', fromSwaggerUi('favicon-32x32.png')),
];

function file(path: string, type: string, make: () => string | Buffer): ReferenceFile {
  let made: ReadFile | undefined;
  const read = (): ReadFile => {
    const body = Buffer.from(make());
    const encoded = new Map<string, Promise<Buffer>>();
    const encode = (coding: string): Promise<Buffer> => {
      const found = encoded.get(coding) ?? encoders.get(coding)!(body);
      encoded.set(coding, found);
      return found;
    };
    return { body, encode, etag: `W/"${createHash('sha256').update(body).digest('base64url')}"` };
  };
  return { path, type, read: () => (made ??= read()) };
}

/** The gateways that a client may talk to: one at a time, the next one when it fails. */
export class Gateways {
  readonly #urls: readonly string[];
  #current = 0;

  /** @throws TypeError for what is not an http(s) URL, or holds a password, a query or a fragment */
  constructor(url: string | readonly string[]) {
    const urls = typeof url === 'string' ? [url] : url;
    if (urls.length === 0) throw new TypeError('url: at least one URL of a gateway is needed');
    this.#urls = urls.map(baseUrl);
  }

  /** Without a slash at its end. */
  get current(): string {
    return this.#urls[this.#current]!;
  }

  /** Calls that fail at the same time move on once, not once each. */
  failed(url: string): void {
    if (url === this.current) this.#current = (this.#current + 1) % this.#urls.length;
  }
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new TypeError(`url: ${JSON.stringify(text)} is not an http or https URL`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new TypeError('url: give the credential in `credential`, and no query or fragment');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

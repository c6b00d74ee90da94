import fc from 'fast-check';
import { eventsPage } from './events-page';

const attack = `"><script>alert('x')</script>&amp;<img src=x onerror=alert(1)>`;

const withTexts = (text: string) => ({
  channels: {
    [text]: { address: text, description: text, messages: { m: { $ref: '#/components/messages/m' } } },
  },
  operations: {
    [text]: {
      action: 'send',
      summary: text,
      channel: { $ref: `#/channels/${text.replaceAll('~', '~0').replaceAll('/', '~1')}` },
    },
  },
  components: {
    messages: {
      m: { name: text, summary: text, description: text, payload: { $ref: '#/components/schemas/s' } },
    },
    schemas: { s: { type: 'object', description: text, properties: { [text]: { const: text } } } },
  },
});

const tagsOf = (page: string): string[] => page.match(/<[^>]*>/g) ?? [];

describe('the page of a document', () => {
  it('with markup in every text / shows it, and is none of it', () => {
    const page = eventsPage(withTexts(attack));
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;');
  });

  it('has the same tags whatever the texts are', () => {
    const plain = tagsOf(eventsPage(withTexts('x')).replace(/ id="[^"]*"/, ''));
    fc.assert(
      fc.property(fc.stringMatching(/^[<>"'&=/a-z~ ]+$/), (text) => {
        const tags = tagsOf(eventsPage(withTexts(text)).replace(/ id="[^"]*"/, ''));
        expect(tags).toEqual(plain);
      }),
    );
  });

  it('with a schema in another language / shows its text', () => {
    const document = withTexts('x');
    const proto = { schemaFormat: 'application/vnd.google.protobuf;version=3', schema: 'message A {\n}' };
    const page = eventsPage({ ...document, components: { ...document.components, schemas: { s: proto } } });
    expect(page).toContain('<pre>message A {\n}</pre>');
  });
});

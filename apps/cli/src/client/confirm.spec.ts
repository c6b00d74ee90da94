import { PassThrough } from 'node:stream';
import { confirm } from './confirm';

function answering(text: string, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  input.end(text);
  const output = new PassThrough();
  return { asked: confirm('Sure?', 'Use --yes.', { input, output }), output };
}

describe('a question before what cannot be undone', () => {
  it.each(['y\n', 'Yes\n', ' y \n'])('%j goes on', async (text) => {
    const { asked, output } = answering(text);
    await asked;
    expect(String(output.read())).toBe('Sure? [y/N] ');
  });

  it.each(['\n', 'n\n', 'yikes\n', ''])('%j changes nothing', async (text) => {
    await expect(answering(text).asked).rejects.toThrow('Nothing was changed.');
  });

  it('is not asked where nobody can answer', async () => {
    await expect(answering('y\n', false).asked).rejects.toThrow('There is no terminal to ask on. Use --yes.');
  });
});

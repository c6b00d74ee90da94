import { decode } from './redis-probe';

describe('the answers of Redis', () => {
  it('are lines and bulk strings', () => {
    expect(decode('+OK\r\n-LOADING wait\r\n$5\r\na\r\nbc\r\n')).toEqual(['+OK', '-LOADING wait', 'a\r\nbc']);
  });

  it('are measured in bytes: a path may hold any character', () => {
    const received = Buffer.from('$10\r\nBüro 🌳\r\n+OK\r\n');
    expect(decode(received.toString('latin1')).map((text) => Buffer.from(text, 'latin1').toString())).toEqual(
      ['Büro 🌳', '+OK'],
    );
  });

  it('count only when they are complete', () => {
    const whole = '+OK\r\n$5\r\nhello\r\n';
    const counts = Array.from(
      { length: whole.length + 1 },
      (_, length) => decode(whole.slice(0, length)).length,
    );
    expect(counts).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
  });
});

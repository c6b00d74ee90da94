import { redirectOf } from './redirect';

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

describe('what a node says instead of carrying out a command', () => {
  it.each([
    ['MOVED 3999 127.0.0.1:6381', { kind: 'MOVED', address: '127.0.0.1:6381' }],
    ['MOVED 3999 :6381', { kind: 'MOVED', address: 'asked:6381' }],
    ['MOVED 3999 fd00::1:6381', { kind: 'MOVED', address: 'fd00::1:6381' }],
    ['ASK 3999 redis.internal:6381', { kind: 'ASK', address: 'redis.internal:6381' }],
    ['TRYAGAIN Multiple keys request during rehashing of slot', { kind: 'TRYAGAIN' }],
    // Everything else may have been carried out.
    ['MOVED nowhere', undefined],
    ['CLUSTERDOWN The cluster is down', undefined],
    ['ERR MOVED 3999 127.0.0.1:6381', undefined],
    ['CONCORDAT OVERLOADED MOVED 3999 127.0.0.1:6381', undefined],
  ])('%s', (message, redirect) => expect(redirectOf(reply(message), 'asked')).toEqual(redirect));

  it('is said by a node, not by a broken connection', () => {
    expect(redirectOf(new Error('MOVED 3999 127.0.0.1:6381'), 'asked')).toBeUndefined();
    expect(redirectOf('MOVED 3999 127.0.0.1:6381', 'asked')).toBeUndefined();
  });
});

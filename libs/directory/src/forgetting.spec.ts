import { DelegationCreated, limits, SessionEnded, TokenRevoked } from '@concordat/contracts';
import { Directory } from './directory';
import type { DirectoryEvent } from './kinds/kind';

const time = '2026-01-01T00:00:00.000Z';

describe('the memory of the directory', () => {
  it('does not grow with what has ended by itself, and keeps what has not', () => {
    const directory = new Directory();
    const link = { owner: 'a', from: 'a', to: 'b', parent: null, scopes: ['read'], operations: null };
    const later = '2026-01-01T01:00:00.000Z';
    const endMs = Date.parse(time) + (limits.accessTokenSeconds + limits.clockSkewSeconds) * 1_000;
    let position = 0;
    const next = (type: string, data: object): DirectoryEvent => ({
      ...{ at: { epoch: 1, position: ++position }, tenant: 't1', type, time, actor: null, data },
    });
    const turn = (round: number, until: string): void => {
      for (let n = 0; n < 100; n++) {
        const id = `${round}-${n}`;
        for (const name of [`token:${id}`, `session:x${id}`, `before:${id}`])
          directory.apply(next(TokenRevoked.type, { name, subject: 's', until }));
        directory.apply(next(SessionEnded.type, { id, userId: 'u', reason: 'revoked' }));
        directory.apply(next(DelegationCreated.type, { id, ...link, expiresAt: until }));
      }
    };
    for (let round = 0; round < 5; round++) {
      turn(round, time);
      expect(directory.size).toBe(500);
      directory.forgetEnded(endMs);
      expect(directory.size).toBe(0);
    }
    turn(5, later);
    directory.forgetEnded(endMs);
    expect(directory.size).toBe(400);
    directory.forgetEnded(Date.parse(later));
    expect(directory.size).toBe(0);
  });
});

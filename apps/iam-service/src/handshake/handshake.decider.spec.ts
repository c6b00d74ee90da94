import { type HandshakeEvent, TokenIssued } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { handshakeDecider, type RedeemChallenge } from './handshake.decider';

const given = specification(handshakeDecider);
const redeem: RedeemChallenge = {
  did: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  tokenId: 't1',
  keyId: 'k1',
  expiresAt: '2026-01-01T00:10:00.000Z',
};
const issued: HandshakeEvent = { type: TokenIssued.type, data: redeem };

describe('a nonce', () => {
  it('is traded for one token', () => given([]).when(redeem).then([issued]));
  it('is good only once, whoever asks', () => {
    given([issued]).when(redeem).refuses('CHALLENGE_ALREADY_USED');
    given([issued])
      .when({ ...redeem, did: 'did:key:other' })
      .refuses('CHALLENGE_ALREADY_USED');
  });
});

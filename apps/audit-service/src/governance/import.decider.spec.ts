import { GovernanceLogged } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { importDecider, type LineImported, type ReadLine } from './import.decider';

const given = specification(importDecider);
const line = (id: string, lineHash: string, problem: string | null = null): ReadLine => ({
  ...{ id, lineHash, problem },
});
const imported = (id: string, lineHash: string): LineImported => ({
  ...{ type: GovernanceLogged.type, data: { id, lineHash } },
});

describe('lines of an older log', () => {
  it('make a record each, in their order', () =>
    given([])
      .when({ kind: 'ImportLines', lines: [line('1', 'a'), line('2', 'b')] })
      .then([imported('1', 'a'), imported('2', 'b')]));

  it('that came before make none, also when they came in another file', () =>
    given([imported('1', 'a')])
      .when({ kind: 'ImportLines', lines: [line('2', 'a'), line('3', 'b')] })
      .then([imported('3', 'b')]));

  it('that stand twice in one file make one', () =>
    given([])
      .when({ kind: 'ImportLines', lines: [line('1', 'a'), line('2', 'a')] })
      .then([imported('1', 'a')]));

  it('that are wrong keep no other from being imported', () =>
    given([])
      .when({ kind: 'ImportLines', lines: [line('1', 'a', 'no JSON'), line('2', 'b')] })
      .then([imported('2', 'b')]));
});

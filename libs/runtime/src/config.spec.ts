import { z } from 'zod';
import { ConfigError, readConfig, serviceSettings } from './config';

const schema = z.object({ redisUrl: serviceSettings.redisUrl });
const read = (CONCORDAT_REDIS_URL: string) => readConfig(schema, { CONCORDAT_REDIS_URL });

describe('the setting of a Redis', () => {
  it('names a server or a cluster', () => {
    for (const url of ['redis://:p@127.0.0.1:6379', 'rediss+cluster://bus:p@a:7000,b:7000'])
      expect(read(url)).toEqual({ redisUrl: url });
  });

  it('that cannot be understood stops the process, with the reason and without the password', () => {
    const wrong = () => read('redis+cluster://:s3cret@a,b');
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow(/^CONCORDAT_REDIS_URL: names the node "a"; a node is host:port/);
    expect(wrong).not.toThrow('s3cret');
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { readEnvironment } from './environment';

describe('the environment', () => {
  it('for services has the basics, certificates and telemetry, and none of the rest', () => {
    const { services } = readEnvironment({
      PATH: '/bin',
      HOME: '/h',
      LANG: 'C',
      NODE_EXTRA_CA_CERTS: '/ca',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x',
      CONCORDAT_LOG_LEVEL: 'debug',
      CONCORDAT_REDIS_URL: 'redis://:secret@x',
      NODE_OPTIONS: '--inspect',
      AWS_SECRET_ACCESS_KEY: 'x',
    });
    expect(services).toEqual({
      PATH: '/bin',
      HOME: '/h',
      LANG: 'C',
      NODE_EXTRA_CA_CERTS: '/ca',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x',
      CONCORDAT_LOG_LEVEL: 'debug',
      CONCORDAT_ENVIRONMENT: 'development',
    });
  });

  it('for gateways has the limits by default besides', () => {
    const limits = { CONCORDAT_REQUESTS_PER_SECOND: '9', CONCORDAT_API_KEY_REQUESTS_PER_SECOND: '8' };
    const { gateways, services } = readEnvironment({ ...limits, CONCORDAT_BURST: '7', PATH: '/bin' });
    expect(gateways).toEqual(limits);
    expect(services).not.toHaveProperty('CONCORDAT_REQUESTS_PER_SECOND');
  });

  it('for iam-service has what it is to back up besides', () => {
    const backups = { CONCORDAT_BACKUP_HOURS: '24', CONCORDAT_KEYSTORE_BACKUP_DAYS: '3' };
    const environment = readEnvironment({ ...backups, PATH: '/bin' });
    expect(environment.backups).toEqual(backups);
    expect(environment.services).not.toHaveProperty('CONCORDAT_BACKUP_HOURS');
  });

  it('without HOME and PATH has usable ones', () => {
    const { services, tools, path } = readEnvironment({});
    expect(services['HOME']).toMatch(/^\//);
    expect(tools['HOME']).toBe(services['HOME']);
    expect(path).toContain('/usr/bin');
  });

  it('takes an empty variable for none', () => {
    expect(readEnvironment({ CONCORDAT_REDIS_URL: '', CONCORDAT_DATA: '' })).toMatchObject({
      redisUrl: undefined,
      dataDirectory: undefined,
    });
  });

  it('takes a secret from a file', () => {
    const folder = temporaryDirectory();
    const file = join(folder, 'url');
    writeFileSync(file, 'redis://x\n');
    expect(readEnvironment({ CONCORDAT_REDIS_URL_FILE: file }).redisUrl).toBe('redis://x');
    removeTemporaryDirectory(folder);
    expect(() => readEnvironment({ CONCORDAT_REDIS_URL_FILE: file })).toThrow(
      /CONCORDAT_REDIS_URL_FILE names .*url, which cannot be read/,
    );
  });
});

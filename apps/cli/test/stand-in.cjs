// Stands in for a service in the tests of the launcher: health, a drain that leaves a trace, and faults on demand.
const { appendFileSync, existsSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

const env = process.env;
const folder = env.CONCORDAT_DATA_DIR;
const trace = (event) => appendFileSync(join(folder, '..', 'trace'), `${event} ${env.CONCORDAT_INSTANCE}\n`);
const told = (fault) => existsSync(join(folder, '..', `${fault}-${env.CONCORDAT_INSTANCE}`));

writeFileSync(join(folder, 'environment.json'), JSON.stringify(env));
if (told('crash')) {
  console.error('stand-in: told to crash');
  process.exit(7);
}
if (env.CONCORDAT_ADMIN_KEY_FILE && !existsSync(env.CONCORDAT_ADMIN_KEY_FILE))
  writeFileSync(env.CONCORDAT_ADMIN_KEY_FILE, 'stand-in-admin-key', { mode: 0o600 });

const server = createServer((request, response) => {
  const ok = !told('unready');
  response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ status: ok ? 'ok' : 'error', checks: { redis: { ok, detail: ok ? '' : 'told so' } } }),
  );
});
server.listen(Number(env.CONCORDAT_HTTP_PORT ?? env.CONCORDAT_HEALTH_PORT), '127.0.0.1', () => {
  console.log('stand-in: listening');
  trace('start');
});
process.on('SIGTERM', () => {
  const deaf = told('deaf');
  trace('drain');
  if (deaf) return;
  setTimeout(() => {
    trace('end');
    process.exit(0);
  }, 50);
});

// Starts the emulator cognito-local with one user pool, local_q2a, and one app client, q2aweb, whose ids are always the
// same, and wires its triggers to the server that answers them. Node.js runs it in the emulator's own image.
//
// The emulator differs from Amazon Cognito in these ways, among others:
//   - It gives people who migrate no sub, without which their tokens open nothing. The bridge below gives them one.
//   - It has no sign-in by SRP, whatever the client asks for: clients use USER_PASSWORD_AUTH.
//   - It has no aliases: whoever signs in with an address is migrated each time, to the same user.
//   - It never calls the trigger for forgotten passwords, and prints codes instead of mailing them.
//   - Its signing key is published with it. Its tokens are worth nothing anywhere else.
'use strict';

const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const http = require('node:http');

const pool = 'local_q2a';
const client = 'q2aweb';
const folder = '/app/.cognito';
const port = 9229;
const bridgePort = 9230;
const triggers = { host: 'triggers', port: 8080 };

// configure writes the settings at each start, and the pool and its client only once.
function configure() {
  mkdirSync(`${folder}/db`, { recursive: true });
  const write = (name, content) => writeFileSync(`${folder}/${name}`, JSON.stringify(content, null, 2));
  const local = { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  write('config.json', {
    ServerConfig: { hostname: '0.0.0.0', port },
    TokenConfig: { IssuerDomain: `http://cognito:${port}` },
    LambdaClient: { ...local, endpoint: `http://127.0.0.1:${bridgePort}` },
    TriggerFunctions: { UserMigration: 'q2a', PreSignUp: 'q2a' },
    UserPoolDefaults: { UsernameAttributes: [] },
  });
  if (!existsSync(`${folder}/db/${pool}.json`)) {
    write(`db/${pool}.json`, { Users: {} });
  }
  if (!existsSync(`${folder}/db/clients.json`)) {
    write('db/clients.json', { Clients: { [client]: { ClientId: client, ClientName: 'web', UserPoolId: pool } } });
  }
}

// withSub adds to the response of the migration trigger the sub that Cognito would make. The same user always gets the
// same one, so that a second migration does no harm.
function withSub(answer) {
  const event = JSON.parse(answer);
  const user = event.response?.userAttributes;
  if (event.triggerSource !== 'UserMigration_Authentication' || !user) {
    return answer;
  }
  const digits = createHash('sha256').update(`${pool}:${user['custom:q2a_id']}`).digest('hex');
  user.sub = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => digits.slice(from, to)).join('-');
  return JSON.stringify(event);
}

// bridge passes the emulator's calls of Lambda's API on to the server.
const bridge = http.createServer((request, response) => {
  const failed = (error) => {
    console.error(`trigger: ${error.message}`);
    response.writeHead(502).end();
  };
  const forwarded = http.request(
    { ...triggers, method: request.method, path: request.url, headers: request.headers },
    (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', failed);
      answer.on('end', () => {
        const { 'content-length': _, ...headers } = answer.headers;
        const body = Buffer.concat(parts).toString();
        try {
          response.writeHead(answer.statusCode, headers).end(answer.statusCode === 200 ? withSub(body) : body);
        } catch (error) {
          failed(error);
        }
      });
    },
  );
  forwarded.on('error', failed);
  request.pipe(forwarded);
});

configure();
bridge.listen(bridgePort, '127.0.0.1', () => {
  const emulator = spawn(process.execPath, ['/app/start.js'], { cwd: '/app', stdio: 'inherit' });
  emulator.on('exit', (status) => process.exit(status ?? 0));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => emulator.kill(signal));
  }
});

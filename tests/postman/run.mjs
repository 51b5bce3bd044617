// Runs api/postman.json against a real server, and compares its calls with the server's OpenAPI document.

import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import newman from 'newman';
import { Server } from '../support/server.mjs';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head', 'trace'];
const collection = JSON.parse(readFileSync(new URL('../../api/postman.json', import.meta.url), 'utf8'));
const run = promisify(newman.run);
const failures = [];
let passed = 0;

const server = new Server();
try {
  await server.start();
  check(server.admin !== null, 'the first admin is not in the log');
  const document = await (await fetch(`${server.url}/openapi.json`)).json();
  compare(callsOf(document), requestsOf(collection.item));
  await play();
} catch (error) {
  failures.push(`${error.message}`);
} finally {
  await server.remove().catch((error) => failures.push(error.message));
}

for (const failure of failures) console.error(`failed: ${failure}`);
if (failures.length > 0) console.error(`the end of the server's log:\n${server.log.split('\n').slice(-20).join('\n')}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function callsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).filter((key) => METHODS.includes(key)).map((method) => `${method.toUpperCase()} ${path}`));
}

function requestsOf(items) {
  return items.flatMap((item) => (item.item ? requestsOf(item.item) : [nameOf(item.request)]));
}

/** As OpenAPI writes it: Postman's `:room_id` is its `{room_id}`. */
function nameOf({ method, url }) {
  return `${method} /${url.path.map((part) => part.replace(/^:(.+)$/, '{$1}')).join('/')}`;
}

function compare(documented, collected) {
  for (const call of documented) check(collected.includes(call), `${call} is documented, and missing in the collection`);
  for (const call of new Set(collected)) check(documented.includes(call), `${call} is in the collection, and not documented`);
}

function check(isGood, otherwise) {
  if (isGood) passed += 1;
  else failures.push(otherwise);
}

async function play() {
  const { run: { executions, failures: failed } } = await run({
    collection,
    timeoutRequest: 10_000,
    timeout: 120_000,
    environment: {
      values: [
        { key: 'base_url', value: server.url },
        { key: 'admin_email', value: server.admin?.email },
        { key: 'admin_password', value: server.admin?.password },
      ],
    },
  });
  for (const { item, assertions = [] } of executions) {
    // A request that asserts nothing proves nothing.
    check(assertions.length > 0, `${item.name}: no assertion ran`);
    passed += assertions.filter(({ error, skipped }) => !error && !skipped).length;
    for (const { assertion, skipped } of assertions) if (skipped) failures.push(`${item.name}: ${assertion} was skipped`);
  }
  check(executions.length === requestsOf(collection.item).length, `${executions.length} requests ran, of ${requestsOf(collection.item).length}`);
  for (const { source, error } of failed) failures.push(`${source?.name ?? 'the collection'}: ${error.test ?? error.name}: ${error.message}`);
}

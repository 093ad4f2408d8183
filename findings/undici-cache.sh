#!/usr/bin/env bash
# undici 7.30.0, its cache (interceptors.cache()).
# Expected: RFC 9111 lets a cache keep an answer with "no-cache" and ask with its ETag; and a 304
# makes a kept answer fresh again.
# Seen: an answer with "no-cache" is not kept, so each request is a full one. After a 304 the kept
# answer is gone: every second request is a full one.
# For us: such a client gets a head page in full each time. Let it use the reader, which keeps tags.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund undici@7.30.0
cat > seen.mjs <<'END'
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, interceptors, request } from "undici";

let lifetime;
const asked = [];
const server = createServer((req, res) => {
	const tag = req.headers["if-none-match"];
	asked.push(tag ? "conditional" : "full");
	const headers = { "Cache-Control": lifetime, ETag: '"1"' };
	if (tag === '"1"') res.writeHead(304, headers).end();
	else res.writeHead(200, headers).end("a page");
}).listen(0, "127.0.0.1");
await once(server, "listening");

for (lifetime of ["no-cache", "max-age=1"]) {
	const dispatcher = new Agent().compose(interceptors.cache());
	for (let times = 0; times < 6; times++) {
		const { body } = await request(`http://127.0.0.1:${server.address().port}/`, { dispatcher });
		await body.text();
		await sleep(1200); // longer than the answer is fresh
	}
	console.log(`${lifetime}: ${asked.splice(0).join(", ")}`);
	await dispatcher.close();
}
server.close();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
no-cache: full, full, full, full, full, full
max-age=1: full, conditional, full, conditional, full, conditional
END
echo "as described"

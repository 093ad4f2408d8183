#!/usr/bin/env bash
# got 14.6.5 with its `cache`, and an If-None-Match that the caller sets.
# Expected: the caller is told 304, or gets a body that belongs to the ETag beside it.
# Seen: got joins the caller's tag with that of its cache. If the server answers 304 to the caller's
# tag, got takes it for its own: 200, the new ETag, and the old body.
# For us: a reader that keeps tags must not use a client's cache at the same time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund got@14.6.5
cat > seen.mjs <<'END'
import { once } from "node:events";
import { createServer } from "node:http";
import got from "got";

let version = 1;
const server = createServer((req, res) => {
	const tag = `"${version}"`;
	const known = (req.headers["if-none-match"] ?? "").split(", ");
	console.log("asked with", known.join(" and ") || "no tag");
	const headers = { "Cache-Control": "no-cache", ETag: tag };
	if (known.includes(tag)) res.writeHead(304, headers).end();
	else res.writeHead(200, headers).end(`body ${version}`);
}).listen(0, "127.0.0.1");
await once(server, "listening");

const cache = new Map();
const get = async (headers = {}) => {
	const answer = await got(`http://127.0.0.1:${server.address().port}/`, { cache, headers });
	console.log(answer.statusCode, answer.headers.etag, answer.body);
};
await get();
version = 2;
await get({ "If-None-Match": '"2"' });
server.close();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
asked with no tag
200 "1" body 1
asked with "2" and "1"
200 "2" body 1
END
echo "as described"

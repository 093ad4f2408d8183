#!/usr/bin/env bash
# orval 7.13.2 and swagger-typescript-api 13.13.0 (npm), with their `fetch` clients; openapi-fetch
# 0.17.0 for comparison.
# Expected: a generated client percent-encodes the parameters of a path.
# Seen: the first two put them into the URL as they are. What stands behind a `#` is sent nowhere, so
# `deleteFeed("a#copy")` deletes "a"; a slash makes another path. orval's option
# `urlEncodeParameters` changes nothing in its `fetch` client.
# For us: docs/generated-clients.md says so. No server can know what was not sent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund orval@7.13.2 swagger-typescript-api@13.13.0 openapi-fetch@0.17.0 esbuild@0.25.0 typescript@5.9
cat > api.json <<'END'
{
	"openapi": "3.1.0",
	"info": { "title": "Feeds", "version": "1" },
	"paths": {
		"/feeds/{name}": {
			"parameters": [{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }],
			"get": {
				"operationId": "getFeed",
				"responses": {
					"200": {
						"description": "A feed",
						"content": { "application/atom+xml": { "schema": { "type": "string" } } }
					}
				}
			},
			"delete": { "operationId": "deleteFeed", "responses": { "204": { "description": "Gone" } } }
		}
	}
}
END
cat > orval.config.cjs <<'END'
const output = { target: "orval.ts", client: "fetch", baseUrl: "http://127.0.0.1:2180", urlEncodeParameters: true };
module.exports = { api: { input: "api.json", output } };
END
npx orval --config orval.config.cjs > generated.txt
npx swagger-typescript-api generate --path api.json --output . --name sta.ts >> generated.txt
npx esbuild orval.ts sta.ts --format=esm --outdir=. --out-extension:.js=.mjs --log-level=error
cat > seen.mjs <<'END'
import { once } from "node:events";
import { createServer } from "node:http";
import createClient from "openapi-fetch";
import { deleteFeed } from "./orval.mjs";
import { Api } from "./sta.mjs";

let client;
const server = createServer((req, res) => {
	console.log(`${client}: ${req.method} ${req.url}`);
	res.writeHead(204).end();
}).listen(2180, "127.0.0.1");
await once(server, "listening");

const baseUrl = "http://127.0.0.1:2180";
for (const name of ["a#copy", "a/b"]) {
	client = "orval";
	await deleteFeed(name);
	client = "swagger-typescript-api";
	await new Api({ baseUrl }).feeds.deleteFeed(name);
	client = "openapi-fetch";
	await createClient({ baseUrl }).DELETE("/feeds/{name}", { params: { path: { name } } });
}
server.close();
server.closeAllConnections();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
orval: DELETE /feeds/a
swagger-typescript-api: DELETE /feeds/a
openapi-fetch: DELETE /feeds/a%23copy
orval: DELETE /feeds/a/b
swagger-typescript-api: DELETE /feeds/a/b
openapi-fetch: DELETE /feeds/a%2Fb
END
echo "as described"

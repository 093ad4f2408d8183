#!/usr/bin/env bash
# @hey-api/openapi-ts 0.95.0 (npm), its `fetch` client.
# Expected: the value of an answer has the type that the generator wrote for it.
# Seen: for a schema of type string under `application/atom+xml` it writes `string`, and gives a Blob.
# For us: with this client ask for JSON, or call `.text()` on what it gives for a feed in Atom.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @hey-api/openapi-ts@0.95.0 typescript@5.9 esbuild@0.25.0
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
npx openapi-ts --input api.json --output client > generated.txt
npx esbuild client/index.ts --bundle --format=esm --outfile=client.mjs --log-level=error
cat > seen.mjs <<'END'
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { getFeed } from "./client.mjs";

const server = createServer((req, res) => {
	res.writeHead(200, { "Content-Type": "application/atom+xml" }).end("<feed/>");
}).listen(0, "127.0.0.1");
await once(server, "listening");
const written = /GetFeedResponses = \{[^}]*200: (\w+)/.exec(readFileSync("client/types.gen.ts", "utf8"));
console.log("type written:", written[1]);
const baseUrl = `http://127.0.0.1:${server.address().port}`;
const { data } = await getFeed({ baseUrl, path: { name: "a" } });
console.log("value given:", data.constructor.name);
server.close();
server.closeAllConnections();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
type written: string
value given: Blob
END
echo "as described"

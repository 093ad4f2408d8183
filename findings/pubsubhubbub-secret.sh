#!/usr/bin/env bash
# pubsubhubbub 1.0.2 (npm), a subscriber of WebSub.
# Expected: a subscriber checks a message with the `hub.secret` that it gave to the hub.
# Seen: it makes the `hub.secret` of its own secret and the topic, and checks with its own. So what a hub
# signs as WebSub says is answered with 202 and not handed out, and the hub takes it as delivered.
# For us: a delivery that was answered with 2xx says nothing about what the receiver did. Name it in the docs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund pubsubhubbub@1.0.2
cat > seen.mjs <<'END'
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import PubSubHubbub from "pubsubhubbub";

const topic = "http://localhost/feed";
let form;
const hub = createServer(async (request, response) => {
	let text = "";
	for await (const part of request) text += part;
	form = new URLSearchParams(text);
	response.writeHead(202).end();
}).listen(0, "127.0.0.1");
await once(hub, "listening");
const hubUrl = `http://127.0.0.1:${hub.address().port}/`;

const own = "what the program was configured with";
const subscriber = PubSubHubbub.createServer({ callbackUrl: "http://localhost/", secret: own });
let handedOut = 0;
subscriber.on("feed", () => handedOut++);
subscriber.listen(0, "127.0.0.1");
await once(subscriber, "listen");
const callback = `http://127.0.0.1:${subscriber.server.address().port}/`;
await new Promise((done) => subscriber.subscribe(topic, hubUrl, callback, done));
console.log("hub.secret is the program's own:", form.get("hub.secret") === own);

const body = '<feed xmlns="http://www.w3.org/2005/Atom"/>';
for (const [name, secret] of [["hub.secret", form.get("hub.secret")], ["the program's own", own]]) {
	handedOut = 0;
	const mac = createHmac("sha256", secret).update(body).digest("hex");
	const links = `<${topic}>; rel="self", <${hubUrl}>; rel="hub"`;
	const headers = { "X-Hub-Signature": `sha256=${mac}`, Link: links };
	const { status } = await fetch(callback, { method: "POST", body, headers });
	console.log(`signed with ${name}: ${status}, handed out: ${handedOut}`);
}
process.exit();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
hub.secret is the program's own: false
signed with hub.secret: 202, handed out: 0
signed with the program's own: 204, handed out: 1
END
echo "as described"

#!/usr/bin/env bash
# The libraries of Standard Webhooks: standardwebhooks 1.1.1 (npm), standardwebhooks 1.1.0 (Python),
# github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 (Go).
# Expected: the signature is of the bytes of the body, so any bytes that were signed rightly are accepted.
# Seen: npm's says that there is no matching signature if a body is no UTF-8, whether as Buffer or not, and
# takes no Uint8Array. Python's raises an error of its decoding. Go's accepts. And npm's and Python's
# read what they accept as JSON, unless told otherwise: a plain text is an error though its signature is right.
# For us: say in the docs which receivers can check `cloudevents-binary` with data that is no JSON.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund standardwebhooks@1.1.1
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cat > go.mod <<'END'
module seen

go 1.21.0
END
export GOPATH="$folder/go" GOFLAGS=-mod=mod
go get github.com/standard-webhooks/standard-webhooks/libraries@v0.0.1 2> /dev/null

cat > signed.mjs <<'END'
import { createHmac } from "node:crypto";

const key = Buffer.alloc(32, 7);
const time = String(Math.floor(Date.now() / 1000));
const png = Buffer.from("89504e470d0a1a0a", "hex");
const bodies = { JSON: Buffer.from('{"a":1}'), text: Buffer.from("seven"), bytes: png };
const signed = Object.entries(bodies).map(([name, body]) => {
	const mac = createHmac("sha256", key).update(`m1.${time}.`).update(body).digest("base64");
	return { name, body: body.toString("base64"), time, signature: `v1,${mac}` };
});
console.log(JSON.stringify({ secret: `whsec_${key.toString("base64")}`, signed }));
END
node signed.mjs > signed.json
cat > seen.mjs <<'END'
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, signed } = JSON.parse(readFileSync("signed.json", "utf8"));
for (const { name, body, time, signature } of signed) {
	const headers = { "webhook-id": "m1", "webhook-timestamp": time, "webhook-signature": signature };
	const buffer = Buffer.from(body, "base64");
	const tries = [[name, buffer, {}], [`${name}, not parsed`, buffer, { jsonParse: false }]];
	if (name === "JSON") tries.push([`${name} as Uint8Array`, new Uint8Array(buffer), {}]);
	for (const [how, given, options] of tries) {
		try {
			new Webhook(secret).verify(given, headers, options);
			console.log(`npm: ${how}: accepted`);
		} catch (error) {
			console.log(`npm: ${how}: ${error.name}`);
		}
	}
}
END
cat > seen.py <<'END'
import base64, json
from standardwebhooks import Webhook

given = json.load(open("signed.json"))
for one in given["signed"]:
    headers = {"webhook-id": "m1", "webhook-timestamp": one["time"], "webhook-signature": one["signature"]}
    for how, parse in [(one["name"], True), (one["name"] + ", not parsed", False)]:
        try:
            Webhook(given["secret"]).verify(base64.b64decode(one["body"]), headers, json_parse=parse)
            print(f"Python: {how}: accepted")
        except Exception as error:
            print(f"Python: {how}: {type(error).__name__}")
END
cat > seen.go <<'END'
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	var given struct {
		Secret string
		Signed []struct {
			Name, Time, Signature string
			Body                  []byte
		}
	}
	text, _ := os.ReadFile("signed.json")
	if err := json.Unmarshal(text, &given); err != nil {
		panic(err)
	}
	webhook, err := standardwebhooks.NewWebhook(given.Secret)
	if err != nil {
		panic(err)
	}
	for _, one := range given.Signed {
		headers := http.Header{}
		headers.Set("webhook-id", "m1")
		headers.Set("webhook-timestamp", one.Time)
		headers.Set("webhook-signature", one.Signature)
		result := "accepted"
		if err := webhook.Verify(one.Body, headers); err != nil {
			result = err.Error()
		}
		fmt.Printf("Go: %s: %s\n", one.Name, result)
	}
}
END
{ node seen.mjs && bin/python seen.py && go run seen.go; } | tee seen.txt
diff - seen.txt <<'END'
npm: JSON: accepted
npm: JSON, not parsed: accepted
npm: JSON as Uint8Array: Error
npm: text: SyntaxError
npm: text, not parsed: accepted
npm: bytes: WebhookVerificationError
npm: bytes, not parsed: WebhookVerificationError
Python: JSON: accepted
Python: JSON, not parsed: accepted
Python: text: JSONDecodeError
Python: text, not parsed: accepted
Python: bytes: UnicodeDecodeError
Python: bytes, not parsed: UnicodeDecodeError
Go: JSON: accepted
Go: text: accepted
Go: bytes: accepted
END
echo "as described"

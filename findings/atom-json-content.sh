#!/usr/bin/env bash
# Content of an Atom entry that is neither text, HTML nor XML (RFC 4287, 4.1.3.3): gofeed 1.4.2 (Go), atoma
# 0.0.17 (Python), feedsmith 3.0.1 (npm), fastfeedparser 0.6.5 (Python).
# Expected: JSON in an entry is unescaped as all text of XML is, and content of other types is Base64
# that a reader either decodes or hands on.
# Seen: gofeed leaves JSON escaped, so that `<` is `&lt;` in what it hands out, unless it is in a
# CDATA section; and it decodes an image into a string. atoma refuses the whole feed. feedsmith and
# fastfeedparser unescape JSON, and hand Base64 on.
# For us: a feed that has to be read by any of them cannot have JSON as its content.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund feedsmith@3.0.1
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check atoma==0.0.17 fastfeedparser==0.6.5
cat > go.mod <<'END'
module seen

go 1.21
END
export GOPATH="$folder/go" GOFLAGS=-mod=mod
go get github.com/mmcdole/gofeed@v1.4.2 2> /dev/null

cat > feed.xml <<'END'
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>orders</title><id>urn:orders</id><updated>2020-01-01T00:00:00Z</updated>
<author><name>orders</name></author>
<entry><title>2</title><id>urn:orders:2</id><updated>2020-01-01T00:00:00Z</updated>
<summary>escaped</summary><content type="application/json">{"note":"1 &lt; 2 &amp; 3"}</content></entry>
<entry><title>1</title><id>urn:orders:1</id><updated>2020-01-01T00:00:00Z</updated>
<summary>CDATA</summary><content type="application/json"><![CDATA[{"note":"1 < 2 & 3"}]]></content></entry>
<entry><title>0</title><id>urn:orders:0</id><updated>2020-01-01T00:00:00Z</updated>
<summary>Base64</summary><content type="image/png">iVBORw0KGgo=</content></entry>
</feed>
END
cat > seen.mjs <<'END'
import { readFileSync } from "node:fs";
import { parseFeed } from "feedsmith";

for (const { summary, content } of parseFeed(readFileSync("feed.xml", "utf8")).feed.entries)
	console.log(`feedsmith: ${summary.value}: ${content.value}`);
END
cat > seen.py <<'END'
import atoma, fastfeedparser

xml = open("feed.xml").read()
for entry in fastfeedparser.parse(xml)["entries"]:
    print(f"fastfeedparser: {entry['description']}: {entry['content'][0]['value']}")
try:
    atoma.parse_atom_bytes(xml.encode())
except ValueError as error:
    print(f"atoma: {error}")
END
cat > seen.go <<'END'
package main

import (
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
)

func main() {
	xml, _ := os.ReadFile("feed.xml")
	feed, err := gofeed.NewParser().ParseString(string(xml))
	if err != nil {
		panic(err)
	}
	for _, item := range feed.Items {
		text := item.Content
		if !utf8.ValidString(text) {
			text = fmt.Sprintf("bytes %x", text)
		}
		fmt.Printf("gofeed: %s: %s\n", item.Description, text)
	}
}
END
go mod tidy 2> /dev/null
{ node seen.mjs && bin/python seen.py && go run seen.go; } | tee seen.txt
diff - seen.txt <<'END'
feedsmith: escaped: {"note":"1 < 2 & 3"}
feedsmith: CDATA: {"note":"1 < 2 & 3"}
feedsmith: Base64: iVBORw0KGgo=
fastfeedparser: escaped: {"note":"1 < 2 & 3"}
fastfeedparser: CDATA: {"note":"1 < 2 & 3"}
fastfeedparser: Base64: iVBORw0KGgo=
atoma: 'application/json' is not a valid AtomTextType
gofeed: escaped: {"note":"1 &lt; 2 &amp; 3"}
gofeed: CDATA: {"note":"1 < 2 & 3"}
gofeed: Base64: bytes 89504e470d0a1a0a
END
echo "as described"

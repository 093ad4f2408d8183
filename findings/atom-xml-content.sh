#!/usr/bin/env bash
# feedparser 6.0.14 (Python), feedparser 2.6.0, rss-parser 3.13.0, @rowanmanning/feed-parser 2.1.5 (npm).
# Expected: content of an Atom entry that is XML (RFC 4287 section 4.1.3.3) is given as XML or text.
# Seen: four readers, four results. Python's takes the content apart: its elements become members of
# the entry, beside `id` and `title`, and the content is empty. npm's feedparser has none.
# @rowanmanning/feed-parser keeps the text alone; rss-parser the XML, in a `div` that nobody sent.
# For us: whoever reads events with a feed reader takes JSON in content of type text, or follows the
# link `alternate` to the event.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv .
bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14
npm install --silent --no-audit --no-fund feedparser@2.6.0 rss-parser@3.13.0 @rowanmanning/feed-parser@2.1.5
cat > feed.xml <<'END'
<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>orders</title><id>urn:orders</id><updated>2020-01-01T00:00:00Z</updated>
<entry><title>0@order-1</title><id>urn:order-1:0</id><updated>2020-01-01T00:00:00Z</updated>
<content type="application/xml"><order xmlns="urn:shop"><total>7</total></order></content>
</entry></feed>
END
cat > seen.py <<'END'
import feedparser
entry = feedparser.parse("feed.xml").entries[0]
print("Python feedparser: content", repr(entry.content[0].value), "total", repr(entry.get("total")))
END
cat > seen.mjs <<'END'
import { createReadStream, readFileSync } from "node:fs";
import { parseFeed } from "@rowanmanning/feed-parser";
import FeedParser from "feedparser";
import Parser from "rss-parser";

const xml = readFileSync("feed.xml", "utf8");
for await (const item of createReadStream("feed.xml").pipe(new FeedParser())) {
	console.log("npm feedparser:", item.description);
}
console.log("rss-parser:", (await new Parser().parseString(xml)).items[0].content);
console.log("@rowanmanning/feed-parser:", parseFeed(xml).items[0].content);
END
{ bin/python seen.py && node seen.mjs; } | tee seen.txt
diff - seen.txt <<'END'
Python feedparser: content '' total '7'
npm feedparser: null
rss-parser: <div type="application/xml"><order xmlns="urn:shop"><total>7</total></order></div>
@rowanmanning/feed-parser: 7
END
echo "as described"

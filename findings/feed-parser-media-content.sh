#!/usr/bin/env bash
# @rowanmanning/feed-parser 2.1.5 (npm).
# Expected: `media:content` (Media RSS) and the entry's own `content` are two elements of two
# namespaces.
# Seen: if `media:content` stands first, the entry has no content. If it stands last, it has.
# For us: take elements by namespace and name, never by the name alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @rowanmanning/feed-parser@2.1.5
cat > seen.mjs <<'END'
import { parseFeed } from "@rowanmanning/feed-parser";

const feed = (entry) => `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>orders</title><id>urn:orders</id><updated>2020-01-01T00:00:00Z</updated>
<entry><title>0@order-1</title><id>urn:order-1:0</id><updated>2020-01-01T00:00:00Z</updated>
${entry}</entry></feed>`;
const media = '<media:content url="http://localhost/a.png"/>';
const content = '<content type="text">7</content>';
console.log("media first:", parseFeed(feed(media + content)).items[0].content);
console.log("media last:", parseFeed(feed(content + media)).items[0].content);
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
media first: null
media last: 7
END
echo "as described"

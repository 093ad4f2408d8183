#!/usr/bin/env bash
# rss-parser 3.13.0 (npm), which uses xml2js.
# Expected: content of type xhtml is given in the order in which it was written.
# Seen: text moves in front of the elements that stood between it: "paid 7, not 8" becomes another
# sentence.
# For us: content that is JSON in an element of type text is safe with this reader; XHTML is not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund rss-parser@3.13.0
cat > seen.mjs <<'END'
import Parser from "rss-parser";

const feed = `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>orders</title><id>urn:orders</id><updated>2020-01-01T00:00:00Z</updated>
<entry><title>0@order-1</title><id>urn:order-1:0</id><updated>2020-01-01T00:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">paid <b>7</b>, not <i>8</i></div></content>
</entry></feed>`;
console.log((await new Parser().parseString(feed)).items[0].contentSnippet);
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
paid , not 78
END
echo "as described"

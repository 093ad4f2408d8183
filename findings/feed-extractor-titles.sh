#!/usr/bin/env bash
# @extractus/feed-extractor 8.0.3 (npm).
# Expected: a title, an id and a text are text; the link of an entry is its link `alternate`.
# Seen: what looks like a number is read as one and written anew, titles, ids and contents alike. The
# link is the first that stands there, whatever its `rel`.
# For us: do not compare ids with those of this reader unless they are URLs, and put `alternate` first
# in entries that are meant for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @extractus/feed-extractor@8.0.3
cat > seen.mjs <<'END'
import { extractFromXml } from "@extractus/feed-extractor";

const feed = (title, id) => `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><id>urn:feed</id>
<updated>2020-01-01T00:00:00Z</updated><link href="http://localhost/"/>
<entry><title>${title}</title><id>${id}</id><updated>2020-01-01T00:00:00Z</updated>
<link rel="edit" href="http://localhost/edit"/><link rel="alternate" href="http://localhost/page"/>
</entry></feed>`;
for (const [title, id] of [["1.10", "urn:1"], ["007", "1e3"], ["0x1F", "urn:2"]]) {
	const [entry] = extractFromXml(feed(title, id)).entries;
	console.log(`${title} ${id} → ${entry.title} ${entry.id} ${entry.link}`);
}
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
1.10 urn:1 → 1.1 urn:1 http://localhost/edit
007 1e3 → 7 1000 http://localhost/edit
0x1F urn:2 → 31 urn:2 http://localhost/edit
END
echo "as described"

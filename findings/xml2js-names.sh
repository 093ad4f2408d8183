#!/usr/bin/env bash
# xml2js 0.6.2 (npm), with the options it has by default.
# Expected: an element's text is what it holds, and names of two namespaces stay apart.
# Seen: an element called `constructor` gets a function as its first value, before its text. Text
# around an element is joined: its place is lost. With the ready-made `stripPrefix`, elements of two
# namespaces become one list.
# For us: find elements by their namespace (`xmlns: true`), in the order of `$$`, and look up nothing
# in what it makes by a name that a client chose.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund xml2js@0.6.2
cat > seen.mjs <<'END'
import { parseStringPromise as parse, processors } from "xml2js";

const { car } = await parse("<car><constructor>Lotus</constructor></car>");
console.log("constructor:", car.constructor.map((value) => typeof value).join(", "));
const { note } = await parse("<note>7 <b>not</b> 8</note>");
console.log("text:", JSON.stringify(note));
const xml = '<a:e xmlns:a="urn:a" xmlns:b="urn:b"><a:n>1</a:n><b:n>2</b:n></a:e>';
const { e } = await parse(xml, { tagNameProcessors: [processors.stripPrefix] });
console.log("two namespaces:", JSON.stringify(e.n));
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
constructor: function, string
text: {"_":"7  8","b":["not"]}
two namespaces: ["1","2"]
END
echo "as described"

// What the aggregator's report must hold, by other means: everything in memory, straight from the
// lines of the log. It shares no code with read-model.js.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** @param path of a log with one event a line, compressed with gzip or not */
export function foldLog(path) {
	const bytes = readFileSync(path);
	const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
	const text = (isPacked ? gunzipSync(bytes) : bytes).toString();
	return fold(text.trimEnd().split("\n").map(JSON.parse));
}

function fold(lines) {
	const files = lines.filter(({ stream }) => stream.startsWith("file-"));
	const authored = lines.filter(({ type }) => type === "CommitAuthored");
	const alive = new Map(files.map(({ data }) => [data.path, data.blob]));
	const tree = [...alive]
		.filter(([, blob]) => blob !== undefined)
		.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
		.map(([path, blob]) => `${path} ${blob}\n`);
	const authors = tally(authored.map(({ stream }) => stream.replace("author-", "")));
	return {
		events: lines.length,
		streams: new Set(lines.map(({ stream }) => stream)).size,
		commits: new Set(authored.map(({ data }) => data.commit)).size,
		types: Object.fromEntries(tally(lines.map(({ type }) => type))),
		authors: authors.length,
		topAuthors: authors.slice(0, 5),
		mostChangedFiles: tally(files.map(({ data }) => data.path)).slice(0, 5),
		filesAtHead: tree.length,
		treeSha256: createHash("sha256").update(tree.join("")).digest("hex"),
	};
}

/** How often each name occurs, the most frequent first. */
function tally(names) {
	const counts = new Map();
	for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
	return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

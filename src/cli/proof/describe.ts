/** Describes a valid proof for people. */

import { LEAF_FLAGS, type Leaf } from "../../../feeds/proof/leaf.ts";
import type { Checkpoint } from "../../../feeds/proof/signed-head.ts";
import { count } from "../output/progress.ts";

export function describeInclusion({
	leaf,
	checkpoint: signedHead,
}: {
	leaf: Leaf;
	checkpoint: Checkpoint;
}): string {
	const { origin, size } = signedHead;
	const rows = [
		["position", String(leaf.position)],
		["stream", `${leaf.stream}, version ${leaf.version}`],
		["type", leaf.type],
		["id", uuid(leaf.id)],
		["created", new Date(leaf.created).toISOString()],
		["content", (leaf.flags & LEAF_FLAGS.json) !== 0 ? "JSON" : "bytes"],
		["data", `SHA-256 ${hex(leaf.data)}`],
		["metadata", `SHA-256 ${hex(leaf.metadata)}`],
	];
	const lines = rows.map(([name = "", value]) => `  ${name.padEnd(10)}${value}`);
	return [`proven: ${origin} of ${count(size)} events holds`, ...lines, ""].join("\n");
}

export function describeConsistency({
	older,
	newer,
}: {
	older: Checkpoint;
	newer: Checkpoint;
}): string {
	const [then, now] = [count(older.size), count(newer.size)];
	return `proven: ${newer.origin} of ${now} events begins with the ${then} that it had\n`;
}

function uuid(id: Uint8Array): string {
	return hex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

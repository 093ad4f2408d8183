/** What an event says of where it comes from: its `$correlationId` and its cause. */
import { EVENT_TYPE_BYTES_MAX } from "../../src/event.ts";
import { readJson } from "./json/json.ts";
import { textOf } from "./json/preview.ts";
import { streamPath } from "./name.ts";

/** The index reads no more of it. */
const METADATA_BYTES_MAX = 64 * 1024;
const NODES_MAX = 2000;

export function correlationOf(metadata: Uint8Array): string | undefined {
	const id = textMember(metadata, "$correlationId");
	// The name of its index stream has the same bound as that of a type's.
	return id !== undefined && Buffer.byteLength(id) <= EVENT_TYPE_BYTES_MAX ? id : undefined;
}

/** What a projection emits names its cause in a member of its own. */
export function causeOf(metadata: Uint8Array): string | undefined {
	const cause = textMember(metadata, "$causationId") ?? textMember(metadata, "$causedBy");
	return cause?.toLowerCase();
}

export function correlationPath(id: string): string {
	return streamPath(`$bc-${id}`);
}

function textMember(metadata: Uint8Array, name: string): string | undefined {
	if (metadata.length === 0 || metadata.length > METADATA_BYTES_MAX) return undefined;
	const text = textOf(metadata, METADATA_BYTES_MAX);
	if (text === undefined || !text.includes(name)) return undefined;
	const value = readJson(text, NODES_MAX);
	if (value.kind !== "object") return undefined;
	const found = value.members.findLast(({ key }) => key === name)?.value;
	return found?.kind === "string" && found.text !== "" ? found.text : undefined;
}

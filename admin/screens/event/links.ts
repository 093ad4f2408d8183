/** The texts in an event that lead somewhere: names of streams, and ids of events. */
import { nameFault, STREAM_NAME_BYTES_MAX, type StreamName } from "../../../src/event.ts";
import { eventUrl } from "../../../src/http/urls.ts";
import type { Store } from "../../../src/screens.ts";
import type { Json } from "../../parts/json/json.ts";
import type { Links } from "../../parts/json/tree.ts";
import { streamPath } from "../../parts/name.ts";
import type { Causation } from "./causation.ts";

/** Each is a look-up; a document that holds more names shows the first ones as links. */
const LOOKED_UP_MAX = 40;
/** A name has a dash or a digit, as those of streams do; prose is not looked up. */
const LIKELY = /^(?=.*[-\d])\S{2,200}$/;

/** @param causation whose events are known by their ids */
export async function linksIn(
	store: Pick<Store, "last">,
	values: readonly Json[],
	causation: Causation | undefined,
): Promise<Links> {
	const links = new Map<string, string>();
	for (const { event } of causation?.rows ?? []) {
		links.set(event.id, eventUrl("", event.stream, event.version));
	}
	const texts = new Set(values.flatMap(textsIn).filter(isLikely));
	const looked = [...texts].filter((text) => !links.has(text)).slice(0, LOOKED_UP_MAX);
	const lasts = await Promise.all(looked.map((name) => lastOf(store, name)));
	for (const [at, name] of looked.entries()) {
		if ((lasts[at] ?? -1) >= 0) links.set(name, streamPath(name));
	}
	return links;
}

function textsIn(value: Json): string[] {
	if (value.kind === "object") return value.members.flatMap((member) => textsIn(member.value));
	if (value.kind === "array") return value.items.flatMap(textsIn);
	return value.kind === "string" && !value.isCut ? [value.text] : [];
}

function isLikely(text: string): boolean {
	return LIKELY.test(text) && nameFault(text, STREAM_NAME_BYTES_MAX) === undefined;
}

/** A stream that was deleted for ever, or cannot be read, is none to lead to. */
function lastOf(store: Pick<Store, "last">, name: string): Promise<number> {
	return store.last(name as StreamName).then(Number, () => -1);
}

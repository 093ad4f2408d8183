/** The field that goes to a stream, an event or a position: what it takes the text for. */

import { isRefusal } from "../../src/errors.ts";
import {
	ALL,
	nameFault,
	parseUuid,
	STREAM_NAME_BYTES_MAX,
	type StreamName,
} from "../../src/event.ts";
import type { Store } from "../../src/screens.ts";
import { streamPath } from "../parts/name.ts";
import { pathHolding } from "./stream/place.ts";

/** @returns the path of the screen; undefined if nothing was asked for */
export async function placeFor(store: Store, asked: string): Promise<string | undefined> {
	const text = asked.trim();
	if (text === "") return undefined;
	if (isName(text) && (await isThere(store, text as StreamName))) return streamPath(text);
	const [, name, number] = /^(.+)[/@](\d{1,15})$/.exec(text) ?? [];
	if (name !== undefined && isName(name) && (await isThere(store, name as StreamName))) {
		return streamPath(name, `/${Number(number)}`);
	}
	const position = text.replaceAll(",", "");
	if (/^\d{1,15}$/.test(position)) {
		const last = Number(await store.last(ALL));
		if (Number(position) <= last) return pathHolding(ALL, Number(position), last);
	}
	const id = parseUuid(text);
	if (id !== undefined) return `/search?id=${id}`;
	return `/streams?find=${encodeURIComponent(text)}&how=prefix`;
}

function isName(text: string): boolean {
	return text !== "." && text !== ".." && nameFault(text, STREAM_NAME_BYTES_MAX) === undefined;
}

async function isThere(store: Store, stream: StreamName): Promise<boolean> {
	try {
		return Number(await store.last(stream)) >= 0;
	} catch (error) {
		// Its screen says when it was deleted.
		return isRefusal(error, "stream-deleted");
	}
}

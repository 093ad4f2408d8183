/** The metadata of a stream: read it, and write it if nobody else has in between. */
import type { Answer } from "../exchange/exchange.ts";
import { mediaTypeOf } from "../exchange/problem.ts";
import { send } from "../writing/send.ts";
import { isCreated, versionIn } from "./append.ts";
import {
	expectedHeader,
	type StreamAddress,
	streamUrl,
	type WriteOptions,
	writeSettingsOf,
} from "./options.ts";

export type Metadata = {
	/** An object such as `{ $maxCount: 100 }`; empty if there is none. */
	readonly value: Readonly<Record<string, unknown>>;
	/** Its own version, not the stream's; -1 if there is none. `expected` takes it as it is. */
	readonly version: number;
};

/**
 * @throws TypeError at once, for an address that makes no sense
 * @throws WriteError `refused`, also if there is no such stream; `stream-deleted`; `unanswered`
 */
export async function readMetadata(address: StreamAddress): Promise<Metadata> {
	const settings = writeSettingsOf(address);
	const url = streamUrl(settings, "/metadata");
	const headers = { accept: "application/json" };
	const { answer } = await send({ url, headers, isDone: isMetadata }, settings, address.signal);
	return { value: objectIn(answer) ?? {}, version: versionOf(answer) ?? -1 };
}

/**
 * Replaces the metadata. With the `version` that was read as `expected`, the server refuses if
 * somebody else has replaced it since.
 * @returns its new version
 * @throws RangeError, TypeError at once; WriteError
 */
export async function writeMetadata(
	address: StreamAddress,
	value: Readonly<Record<string, unknown>>,
	{ expected }: WriteOptions = {},
): Promise<number> {
	const settings = writeSettingsOf(address);
	const id = crypto.randomUUID();
	const headers = {
		"content-type": "application/json",
		"es-eventtype": "$metadata",
		"es-eventid": id,
		...expectedHeader(expected),
	};
	const attempt = { url: streamUrl(settings, "/metadata"), headers, body: JSON.stringify(value) };
	const { answer } = await send(
		{ ...attempt, method: "POST", ids: [id], isDone: isCreated },
		settings,
		address.signal,
	);
	return versionIn(answer.headers.get("location") ?? "");
}

/** Others answer `{}`, too; only the server names a version with it. */
function isMetadata(answer: Answer): boolean {
	const isJson = mediaTypeOf(answer.headers.get("content-type")) === "application/json";
	const isVersioned = versionOf(answer) !== undefined;
	return answer.status === 200 && isJson && isVersioned && objectIn(answer) !== undefined;
}

/** The version in the tag of the document, or in the header for "none yet". */
function versionOf({ headers }: Answer): number | undefined {
	const version = /^(?:W\/)?"(\d+);/.exec(headers.get("etag") ?? "")?.[1];
	if (version !== undefined) return Number(version);
	return headers.get("es-currentversion") === "-1" ? -1 : undefined;
}

/** The object in the body; metadata may also be stored as nothing at all. */
function objectIn({ body }: Answer): Readonly<Record<string, unknown>> | undefined {
	const text = new TextDecoder().decode(body);
	if (text === "") return {};
	try {
		const value: unknown = JSON.parse(text);
		const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
		return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
	} catch {
		return undefined;
	}
}

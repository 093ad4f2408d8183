/** The stream a client writes to, and how it asks; also a valid start of the reader's options. */
import { type ReaderSettings, type ReadOptions, settingsOf } from "../reader/options.ts";

/**
 * A stream and its server. The same object fits `readStream`, which has further options:
 * `url`, `stream`, `headers`, `signal`, `timeoutMs`, `retriesMax`, `onRetry`, `fetch` …
 */
export type StreamAddress = Omit<ReadOptions, "from" | "follow">;

/**
 * What the stream must be: at this version, without events (`none`), with some (`exists`), or
 * anything (`any`).
 */
export type Expected = number | "any" | "none" | "exists";

export type WriteOptions = { readonly expected?: Expected };

/**
 * Faults in a row before a write gives up, if the address does not say: about a minute of them. A
 * reader waits for ever; behind a write, often somebody waits.
 */
const WRITE_RETRIES_MAX = 10;

/** @throws RangeError, TypeError */
export function writeSettingsOf(address: StreamAddress): ReaderSettings {
	return settingsOf({ retriesMax: WRITE_RETRIES_MAX, ...address });
}

/** @param path behind the stream's URL */
export function streamUrl({ server, stream }: ReaderSettings, path = ""): string {
	const url = new URL(server);
	const prefix = url.pathname.replace(/\/+$/, "");
	url.pathname = `${prefix}/streams/${encodeURIComponent(stream)}${path}`;
	return url.href;
}

/**
 * The header of an expectation.
 * @throws RangeError
 */
export function expectedHeader(expected: Expected = "any"): Record<string, string> {
	if (expected === "any") return { "es-expectedversion": "-2" };
	if (expected === "none" || expected === -1) return { "es-expectedversion": "-1" };
	if (expected === "exists") return { "es-expectedversion": "-4" };
	if (Number.isSafeInteger(expected) && expected >= 0)
		return { "es-expectedversion": String(expected) };
	throw new RangeError(`expected: ${expected} is no version from 0, any, none or exists`);
}

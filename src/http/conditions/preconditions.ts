/**
 * Preconditions in the standard's own headers, for clients that know HTTP and no header of ours
 * (RFC 9110 section 13.1).
 *
 *     If-None-Match: *       the stream must not exist      as ES-ExpectedVersion -1
 *     If-Match: "17;814…"    its head must be version 17    as 17, whatever the tag's media type
 *     If-Match: *            it must exist                  as -4
 *
 * The log judges them as it judges expected versions, inside its transaction, so a repeat with the
 * same ids answers what the first answer was. A miss is 412; with the contract's own
 * header it is 400.
 */
import type { IncomingMessage } from "node:http";
import { isRefusal, Refusal } from "../../errors.ts";
import type { ExpectedVersion, StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { expectedVersion, header } from "../request/headers.ts";

export type Expectation = {
	/** `never`: a tag that no head of ours carries. */
	readonly version: ExpectedVersion | "never";
	/** The header and its value, if it was a standard one. */
	readonly precondition?: string;
};

const IF_MATCH_WANTED =
	'It takes the ETag of the stream\'s head with its quotes, such as "17;814", or * for any stream ' +
	"that has events.";
const TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
const OURS = /^"(\d{1,15});\d+"$/;

/**
 * The state that the request expects of the stream, from the one header that says so.
 * @throws Refusal `malformed-header`, also if two headers say it
 */
export function expectationOf(req: IncomingMessage): Expectation {
	const match = req.headers["if-match"];
	const noneMatch = req.headers["if-none-match"];
	if (match === undefined && noneMatch === undefined) return { version: expectedVersion(req) };
	const own = header(req, "expectedversion") !== undefined;
	if (own || (match !== undefined && noneMatch !== undefined)) {
		const [name, value] = own
			? ["ES-ExpectedVersion", header(req, "expectedversion")]
			: ["If-None-Match", noneMatch];
		throw malformed(name ?? "", value ?? "", "Only one header may state what the stream must be.");
	}
	if (noneMatch === undefined) return ofMatch(match ?? "");
	if (noneMatch.trim() !== "*")
		throw malformed(
			"If-None-Match",
			noneMatch,
			"On POST, it takes only *: the stream has no events.",
		);
	return { version: "no-stream", precondition: "If-None-Match: *" };
}

/**
 * Runs an append, and answers a standard precondition that missed in the standard's words.
 * @throws Refusal `precondition-failed`, and whatever the append throws
 */
export async function appendUnder<T>(
	log: Log,
	stream: StreamName,
	{ version, precondition }: Expectation,
	append: (expected: ExpectedVersion) => Promise<T>,
): Promise<T> {
	if (version === "never") {
		const current = await log.last(stream);
		throw failed(stream, precondition ?? "", current);
	}
	if (precondition === undefined) return append(version);
	try {
		return await append(version);
	} catch (error) {
		if (!isRefusal(error, "wrong-expected-version")) throw error;
		const { current } = error.facts;
		throw failed(stream, precondition, current);
	}
}

function ofMatch(value: string): Expectation {
	const precondition = `If-Match: ${value.slice(0, 128)}`;
	if (value.trim() === "*") return { version: "stream-exists", precondition };
	const tags = value.split(",").map((tag) => tag.trim());
	if (!tags.every((tag) => TAG.test(tag))) {
		throw malformed("If-Match", value, IF_MATCH_WANTED);
	}
	// Compared strongly (section 13.1.1), a weak tag equals none; nor does one that we never gave.
	const versions = new Set(tags.flatMap((tag) => OURS.exec(tag)?.[1] ?? []).map(Number));
	if (versions.size > 1) {
		throw malformed("If-Match", value, "On POST, all its tags must be of one version.");
	}
	const [version = "never" as const] = versions;
	return { version, precondition };
}

function failed(stream: string, precondition: string, current: number): Refusal {
	return new Refusal("precondition-failed", { stream, precondition, current });
}

function malformed(name: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-header", { header: name, value: value.slice(0, 128), reason });
}

/**
 * Problem documents (RFC 9457) of Varve, as a client receives them.
 *
 * Between a client and the server stand ingresses, caches and login pages, which answer with
 * statuses of their own. A status alone says nothing about a stream. Only a problem document does,
 * and only if all of it fits: media type, type, status. Everything else is a fault on the way.
 */

export type Problem = {
	/** As in docs/problems.md: `stream-not-found`, `wrong-expected-version` … */
	readonly word: string;
	readonly status: number;
	readonly title: string;
	readonly detail: string;
	/** What docs/problems.md names for this word, such as `stream` and `current`. */
	readonly facts: Readonly<Record<string, unknown>>;
};

/** Problems that pass by themselves: the same request may succeed a moment later. */
const PASSING: ReadonlySet<string> = new Set([
	"request-too-slow",
	"overloaded",
	"request-timeout",
	"position-not-reached",
	"disk-full",
	"insufficient-storage",
	"shutting-down",
	"writer-stopped",
	"log-locked",
	"internal-error",
]);

const TYPE = /^urn:varve:problem:([a-z]+(?:-[a-z]+)*)$/;

/** The problem in the body of an answer; undefined if Varve cannot have written that answer. */
export function problemIn(
	status: number,
	contentType: string | null | undefined,
	body: Uint8Array,
): Problem | undefined {
	if (status < 400 || mediaTypeOf(contentType) !== "application/problem+json") return undefined;
	const members = objectIn(body);
	const word = TYPE.exec(String(members?.type))?.[1];
	if (members === undefined || word === undefined || members.status !== status) return undefined;
	const { type: _, status: __, title, detail, ...facts } = members;
	if (typeof title !== "string" || typeof detail !== "string") return undefined;
	return { word, status, title, detail, facts };
}

export function isPassing({ word }: Problem): boolean {
	return passes(word);
}

/** Whether a refusal of this word may pass by itself. */
export function passes(word: string): boolean {
	return PASSING.has(word);
}

/**
 * Whether the problem is about the stream that `url` names, or its metadata stream. A mixed-up
 * cache may answer with a document of ours that is about another stream.
 */
export function isAbout({ facts }: Problem, url: string): boolean {
	const [, segment, rest] = /\/streams\/([^/?#]+)(\/metadata)?/.exec(url) ?? [];
	const stream = segment === undefined ? undefined : decoded(segment);
	if (stream === undefined) return false;
	return facts.stream === stream || (rest !== undefined && facts.stream === `$$${stream}`);
}

/** What an answer that is no problem of Varve's says, in one line. */
export function describeAnswer(
	status: number,
	statusText: string,
	contentType: string | null | undefined,
	body: Uint8Array,
): string {
	const type = mediaTypeOf(contentType);
	const isText = type === "" || /^text\/|json|xml/.test(type);
	const text = isText ? new TextDecoder().decode(body.subarray(0, 800)) : "";
	const said = text.replace(/\s+/g, " ").trim().slice(0, 200);
	const line = [String(status), statusText, type && `(${type})`].filter(Boolean).join(" ");
	return said === "" ? line : `${line}: ${said}`;
}

/** A media type without its parameters, in lower case. */
export function mediaTypeOf(contentType: string | null | undefined): string {
	return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function objectIn(body: Uint8Array): { readonly [member: string]: unknown } | undefined {
	try {
		const value: unknown = JSON.parse(new TextDecoder().decode(body));
		if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
		return value as { readonly [member: string]: unknown };
	} catch {
		return undefined;
	}
}

function decoded(segment: string): string | undefined {
	try {
		return decodeURIComponent(segment);
	} catch {
		return undefined;
	}
}

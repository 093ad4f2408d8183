/**
 * Finds names that a client misspelt. A misspelt condition is no condition: with
 * `ES-ExpectedVerison: 0` an append would be written whatever the stream's version is. So requests
 * that change something are refused if a header or a query parameter is close to one that the
 * server knows. Reads stay lenient: clients send them all kinds of parameters.
 *
 *     ES-ExpectedVerison, ES-Expected-Version, Varve-ExpectedVersion   close to ES-ExpectedVersion
 *     ExpectedVersion, X-Expected-Version, ?expectedVersion=           the same
 *     If-Matches                                                       close to If-Match
 *     ES-RequiresMaster, ES-TrustedAuth                                known to clients: ignored
 *     Event-Time, X-Request-Id                                         of somebody else: ignored
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { Refusal } from "../../errors.ts";
import { nearest } from "../../nearest.ts";

/** Whose name it is meant to be. */
const OWN_PREFIX = /^(?:x-)?(?:es|kurrent|eventstore|varve)(?=[-_]|$)/;

/** What a name may mean, by its letters alone. */
const MEANT = new Map(
	[
		"ES-ExpectedVersion",
		"ES-EventId",
		"ES-EventType",
		"ES-RequireLeader",
		"ES-HardDelete",
		"ES-LongPoll",
		"ES-ResolveLinkTos",
		"ES-MinPosition",
		"If-Match",
		"If-None-Match",
	].map((name) => [lettersOf(name), name]),
);
const LETTERS = [...MEANT.keys()];

/** Those that nobody sends by another name and a slip of the finger, as hops do `Event-Time`. */
const LONG_MIN = 10;
const LONG_LETTERS = LETTERS.filter((letters) => letters.length >= LONG_MIN);

const KNOWN_HEADERS: ReadonlySet<string> = new Set([
	...["es", "kurrent"].flatMap((prefix) =>
		LETTERS.map((letters) => `${prefix}-${letters}`).concat(
			// Names of older versions, and those that documents spell otherwise.
			`${prefix}-requiremaster`,
			`${prefix}-requiresmaster`,
			`${prefix}-requiresleader`,
			`${prefix}-resolvelinkto`,
			`${prefix}-trustedauth`,
		),
	),
	"if-match",
	"if-none-match",
	"if-modified-since",
	"if-unmodified-since",
	"if-range",
]);

/** Parameters of the routes that change something, and of links that clients may post to. */
const KNOWN_PARAMETERS = ["metadata", "embed", "format", "i"];

/** Verdicts on header names, by their text: clients send the same few over and over. */
const REMEMBERED = 500;
const NAME_LENGTH_MAX = 64;
const verdicts = new LRUCache<string, { readonly meant: string | undefined }>({ max: REMEMBERED });

/**
 * @param query the URL's query without its `?`
 * @throws Refusal `misspelt-name`
 */
export function refuseMisspelt(req: IncomingMessage, query: string): void {
	for (const name in req.headers) {
		const meant = headerMeant(name);
		if (meant !== undefined) throw misspelt("header", asSent(req, name), meant);
	}
	if (query === "") return;
	for (const name of new URLSearchParams(query).keys()) {
		const meant = parameterMeant(name);
		if (meant !== undefined) throw misspelt("query parameter", name, meant);
	}
}

function headerMeant(name: string): string | undefined {
	if (name.length > NAME_LENGTH_MAX || KNOWN_HEADERS.has(name)) return undefined;
	const known = verdicts.get(name);
	if (known) return known.meant;
	const meant = meantBy(name);
	verdicts.set(name, { meant });
	return meant;
}

function parameterMeant(name: string): string | undefined {
	if (name.length > NAME_LENGTH_MAX || KNOWN_PARAMETERS.includes(name)) return undefined;
	return meantBy(name.toLowerCase()) ?? nearest(name, KNOWN_PARAMETERS.slice(0, 1));
}

/** A prefix of ours says whose header it is, so that the name behind it may be further off. */
function meantBy(name: string): string | undefined {
	const letters = lettersOf(name);
	const exact = MEANT.get(letters);
	if (exact !== undefined) return exact;
	const close = OWN_PREFIX.test(name)
		? nearest(letters, LETTERS)
		: letters.length >= LONG_MIN && nearest(letters, LONG_LETTERS);
	return close ? MEANT.get(close) : undefined;
}

/** A name without its prefix, its case, and what stands between its words. */
function lettersOf(name: string): string {
	return name.toLowerCase().replace(OWN_PREFIX, "").replace(/^x-/, "").replace(/[-_]/g, "");
}

/** Node writes names in lower case. */
function asSent({ rawHeaders }: IncomingMessage, name: string): string {
	return rawHeaders.find((raw, index) => index % 2 === 0 && raw.toLowerCase() === name) ?? name;
}

function misspelt(kind: "header" | "query parameter", name: string, meant: string): Refusal {
	return new Refusal("misspelt-name", { kind, name: name.slice(0, NAME_LENGTH_MAX), meant });
}

/**
 * Negotiates the representation of a document (RFC 9110 section 12): media type, content coding,
 * embed level, and the base URL of its links. Clients send the same few headers over and over, so
 * each outcome is remembered under the text of its header.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import {
	acceptOfFormat,
	atomInstead,
	type Coding,
	FORMATS,
	type MediaType,
	negotiate,
	negotiateCoding,
} from "../../../feeds/media.ts";
import type { Embed } from "../../../feeds/model.ts";
import { Refusal } from "../../errors.ts";
import { baseOf } from "./base.ts";

/** In which form a client gets a document; `base` is the URL that the links start with. */
export type Representation<T extends MediaType = MediaType> = {
	readonly base: string;
	readonly type: T;
	readonly coding: Coding;
	readonly embed: Embed;
};

/** Headers remembered by their text: more than any honest population of clients sends. */
const REMEMBERED = 500;
/** No honest header is longer; a hostile one is computed each time and not kept. */
const REMEMBERED_LENGTH_MAX = 512;
const EMBEDS: ReadonlySet<string> = new Set(["content", "rich", "body", "pretty", "tryharder"]);
const NO_QUERY = { embed: "none", format: undefined } as const;

type Query = { readonly embed: Embed; readonly format: string | undefined };

/** These two are of the process, since their values follow from the keys alone. */
const codings = new LRUCache<string, Coding>({ max: REMEMBERED });
const types = new WeakMap<readonly MediaType[], LRUCache<string, MediaType>>();

/**
 * @param query the URL's query without its `?`; "" for none
 * @param publicUrl what links start with; undefined takes the request's `Host`
 * @throws Refusal `malformed-query`, `not-acceptable`, `malformed-host`
 */
export function negotiateRepresentation<T extends MediaType>(
	req: IncomingMessage,
	query: string,
	available: readonly T[],
	publicUrl: string | undefined,
): Representation<T> {
	const { embed, format } = query === "" ? NO_QUERY : parseQuery(query);
	const type = typeFor(req, format, available);
	const acceptEncoding = req.headers["accept-encoding"];
	const coding = remembered(codings, String(acceptEncoding ?? ""), (text) => negotiateCoding(text));
	return { base: baseOf(req, publicUrl), type, coding, embed };
}

/**
 * The media type alone, for documents without links.
 * @throws Refusal `malformed-query`, `not-acceptable`
 */
export function negotiateType<T extends MediaType>(
	req: IncomingMessage,
	query: string,
	available: readonly T[],
): T {
	return typeFor(req, parseQuery(query).format, available);
}

function typeFor<T extends MediaType>(
	req: IncomingMessage,
	format: string | undefined,
	available: readonly T[],
): T {
	const accept = format === undefined ? req.headers.accept : acceptOfKnownFormat(format);
	const type = remembered(typesOf(available), accept ?? "", () => best(accept, available));
	// The remembered type for a list is a member of that list.
	return type as T;
}

function best<T extends MediaType>(accept: string | undefined, available: readonly T[]): T {
	const type = negotiate(accept, available) ?? atomInstead(accept, available);
	if (type) return type;
	throw new Refusal("not-acceptable", {
		accept: (accept ?? "").slice(0, 256),
		available: available.map((one) => one.name),
	});
}

function acceptOfKnownFormat(format: string): string {
	const accept = acceptOfFormat(format);
	if (accept !== undefined) return accept;
	throw new Refusal("malformed-query", {
		parameter: "format",
		value: format.slice(0, 64),
		reason: `it takes ${FORMATS.join(", ")}.`,
	});
}

/** `embed` is read in any case; what is no level means none, as clients of the contract expect. */
function parseQuery(query: string): Query {
	const parameters = new URLSearchParams(query);
	const embed = (parameters.get("embed") ?? "").toLowerCase();
	return {
		embed: EMBEDS.has(embed) ? (embed as Embed) : "none",
		format: parameters.get("format") || undefined,
	};
}

function typesOf(available: readonly MediaType[]): LRUCache<string, MediaType> {
	let cache = types.get(available);
	if (!cache) {
		cache = new LRUCache({ max: REMEMBERED });
		types.set(available, cache);
	}
	return cache;
}

function remembered<V extends string | object>(
	cache: LRUCache<string, V>,
	key: string,
	compute: (key: string) => V,
): V {
	if (key.length > REMEMBERED_LENGTH_MAX) return compute(key);
	let value = cache.get(key);
	if (value === undefined) {
		value = compute(key);
		cache.set(key, value);
	}
	return value;
}

/**
 * Reads the request headers of the contract. Each exists under two names: the server reads
 * `Kurrent-…` first, and else `ES-…`.
 */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../errors.ts";
import { type ExpectedVersion, parseUuid } from "../../event.ts";

const UUID_WANTED =
	"It takes a UUID that the client makes, for example with uuidgen. Without the header, the " +
	"server makes the UUID and redirects to a URL that holds it.";
const VERSION_WANTED =
	"It takes the version of the stream's last event, from 0, or -1 (the stream has no events), -4 " +
	"(it has events) or -2 (either). Example: ES-ExpectedVersion: 7.";
const INTEGER = /^-?\d{1,19}$/;
const SAFE_HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?$/;

/** Both names of each, as Node writes them. */
const NAMES = {
	expectedversion: ["kurrent-expectedversion", "es-expectedversion"],
	eventtype: ["kurrent-eventtype", "es-eventtype"],
	eventid: ["kurrent-eventid", "es-eventid"],
	requireleader: ["kurrent-requireleader", "es-requireleader"],
	longpoll: ["kurrent-longpoll", "es-longpoll"],
	harddelete: ["kurrent-harddelete", "es-harddelete"],
	resolvelinktos: ["kurrent-resolvelinktos", "es-resolvelinktos"],
	minposition: ["kurrent-minposition", "es-minposition"],
} as const;

type Name = keyof typeof NAMES;

/**
 * Whether a read depends on the header. Such a request has to be read in full: its words
 * (`words.ts`) do not tell it from one without the header.
 */
const CHANGES_READS: Readonly<Record<Name, boolean>> = {
	expectedversion: false,
	eventtype: false,
	eventid: false,
	requireleader: false,
	longpoll: true,
	harddelete: false,
	resolvelinktos: true,
	minposition: true,
};

/** The headers that change a read, under both names, as Node writes them. */
export const READ_CHANGING_HEADERS: readonly string[] = Object.entries(CHANGES_READS).flatMap(
	([name, changes]) => (changes ? NAMES[name as Name] : []),
);

/**
 * Whether a request has one of them. The names are written out, as each remembered request is asked
 * for them: a loop over the list takes 60 ns more. A test compares the two.
 */
export function changesRead(headers: IncomingMessage["headers"]): boolean {
	return (
		headers["kurrent-longpoll"] !== undefined ||
		headers["es-longpoll"] !== undefined ||
		headers["kurrent-resolvelinktos"] !== undefined ||
		headers["es-resolvelinktos"] !== undefined ||
		headers["kurrent-minposition"] !== undefined ||
		headers["es-minposition"] !== undefined
	);
}

const ASCII = /^[ -~]*$/;

/**
 * The value of a header under either name; undefined if it is absent. An empty one counts as a
 * value: a client whose `ES-ExpectedVersion` came out empty did not mean "any".
 */
export function header(req: IncomingMessage, name: Name): string | undefined {
	const [kurrent, es] = NAMES[name];
	const value = req.headers[kurrent] ?? req.headers[es];
	return typeof value === "string" ? value : undefined;
}

/** The event type of a single event: the one header that may hold any text, sent as UTF-8. */
export function eventTypeHeader(req: IncomingMessage): string | undefined {
	const value = header(req, "eventtype");
	if (value === undefined || value === "") return undefined;
	if (ASCII.test(value)) return value;
	// Node reads header bytes as Latin-1 (RFC 9110 section 5.5 knows no other reading).
	const bytes = Buffer.from(value, "latin1");
	return isUtf8(bytes) ? bytes.toString() : value;
}

/**
 * The id of a single event; undefined if the request has none.
 * @throws Refusal `malformed-header`
 */
export function eventIdHeader(req: IncomingMessage): string | undefined {
	const text = header(req, "eventid");
	if (text === undefined) return undefined;
	const id = parseUuid(text);
	if (id === undefined) throw malformed("ES-EventId", text, UUID_WANTED);
	return id;
}

/** @throws Refusal `malformed-header` */
export function expectedVersion(req: IncomingMessage): ExpectedVersion {
	const value = header(req, "expectedversion");
	if (value === undefined) return "any";
	const text = value.trim();
	const number = INTEGER.test(text) ? Number(text) : Number.NaN;
	if (number >= 0) return number;
	if (number === -1) return "no-stream";
	if (number === -2) return "any";
	if (number === -4) return "stream-exists";
	throw malformed("ES-ExpectedVersion", value, VERSION_WANTED);
}

/** @throws Refusal `malformed-header` */
export function checkRequireLeader(req: IncomingMessage): void {
	const value = header(req, "requireleader");
	if (value === undefined || /^(true|false)$/i.test(value.trim())) return;
	throw malformed("ES-RequireLeader", value, "It takes True or False.");
}

/**
 * Whether a delete is for ever.
 * @throws Refusal `malformed-header`
 */
export function hardDelete(req: IncomingMessage): boolean {
	return flag(req, "harddelete", "ES-HardDelete") ?? false;
}

/**
 * Whether links are to show the events they point to; undefined if the client left that open.
 * @throws Refusal `malformed-header`
 */
export function resolveLinks(req: IncomingMessage): boolean | undefined {
	return flag(req, "resolvelinktos", "ES-ResolveLinkTos");
}

/**
 * How long the client is willing to wait for an event.
 * @returns milliseconds, 0 if it did not ask
 * @throws Refusal `malformed-header`
 */
export function longPollMs(req: IncomingMessage, secondsMax: number): number {
	const value = header(req, "longpoll");
	if (value === undefined) return 0;
	const seconds = INTEGER.test(value.trim()) ? Number(value) : 0;
	if (seconds < 1)
		throw malformed("ES-LongPoll", value, "It takes a positive number of seconds, such as 20.");
	return Math.min(seconds, secondsMax) * 1000;
}

/**
 * The URL that links start with, from the request's `Host`.
 * @throws Refusal `malformed-host`
 */
export function baseOfHost(host: string, scheme: "http" | "https" = "http"): string {
	const match = SAFE_HOST.exec(host);
	if (!match || Number(match[1] ?? 80) > 65_535) {
		throw new Refusal("malformed-host", { host: host.slice(0, 256) });
	}
	const usual = scheme === "https" ? "443" : "80";
	return `${scheme}://${match[1] === usual ? host.slice(0, -usual.length - 1) : host}`;
}

function flag(req: IncomingMessage, name: Name, shownAs: string): boolean | undefined {
	const text = header(req, name)?.trim().toLowerCase();
	if (text === undefined) return undefined;
	if (text === "true" || text === "false") return text === "true";
	throw malformed(shownAs, text, "It takes True or False.");
}

function malformed(name: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-header", { header: name, value: value.slice(0, 128), reason });
}

/**
 * The URL that links and redirects start with: where clients see this server.
 *
 * `--public-url` says it outright. Else it is the request's `Host`, or the address that a trusted
 * proxy reports of the request it got: `X-Forwarded-Host`, `-Port`, `-Proto` and `-Prefix`, or
 * `Forwarded` (RFC 7239). The server ignores these headers from any other client: the address would
 * stand in pages that shared caches keep for a year. Of a list the first value counts, as proxies
 * in a row leave it; the outermost has to replace what clients sent.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { Refusal } from "../../errors.ts";
import { connectionOf } from "../sockets/connection.ts";
import { baseOfHost } from "./headers.ts";

/** Headers remembered by their text: more than any honest population of proxies and hosts sends. */
const REMEMBERED = 500;
/** No honest header is longer; a hostile one is computed each time and not kept. */
const REMEMBERED_LENGTH_MAX = 512;
const PREFIX_LENGTH_MAX = 256;

const PREFIX = /^[\w.~!$&'()*+,;=:@%/-]*$/;
/** A pair of `Forwarded`; its value may be quoted. */
const PAIR = /(?:^|;)\s*(host|proto)\s*=\s*(?:"([^"]*)"|([^\s";,]*))/gi;

/** Of the process, since the base follows from the headers' text alone. */
const bases = new LRUCache<string, string>({ max: REMEMBERED });

/**
 * The URL that links start with, without a slash at its end.
 * @throws Refusal `malformed-host`, `malformed-header`
 */
export function baseOf(req: IncomingMessage, publicUrl: string | undefined): string {
	if (publicUrl !== undefined) return publicUrl;
	const { host = "" } = req.headers;
	const { isTrusted, isSecure } = connectionOf(req.socket);
	const own = isSecure ? "https" : "http";
	const key = `${own}\n${host}\n${forwardingOf(req)}`;
	const known = key.length > REMEMBERED_LENGTH_MAX ? undefined : bases.get(key);
	if (known !== undefined) return known;
	const base = isTrusted ? forwardedBase(req, own) : baseOfHost(host, own);
	if (key.length <= REMEMBERED_LENGTH_MAX) bases.set(key, base);
	return base;
}

/** All that a trusted proxy reports of the request's address, as text; "" for other clients. */
export function forwardingOf({ socket, headers }: IncomingMessage): string {
	if (!connectionOf(socket).isTrusted) return "";
	const { "x-forwarded-host": host = "", "x-forwarded-port": port = "" } = headers;
	const { "x-forwarded-proto": proto = "", "x-forwarded-prefix": prefix = "" } = headers;
	return `${host}\n${port}\n${proto}\n${prefix}\n${headers.forwarded ?? ""}`;
}

type Scheme = "http" | "https";

/** The scheme that a trusted proxy says its client uses; undefined if it says none. */
export function forwardedScheme(req: IncomingMessage): Scheme | undefined {
	const { proto } = forwardedPairs(first(req, "forwarded"));
	const text = (first(req, "x-forwarded-proto") || proto).toLowerCase();
	if (text === "") return undefined;
	// Anything else is passed over, as the contract has it.
	return text === "https" ? "https" : "http";
}

/** @param own scheme of the connection, for a proxy that says none */
function forwardedBase(req: IncomingMessage, own: Scheme): string {
	const standard = forwardedPairs(first(req, "forwarded"));
	const named = first(req, "x-forwarded-host") || standard.host;
	const scheme = forwardedScheme(req) ?? own;
	// If the proxy names a host, `Host` itself belongs to the connection to the proxy.
	const { hostname, port } = splitHost(named || (req.headers.host ?? ""));
	// So is its port, which one that is stated replaces; a named host's own stands first.
	const stated = portOf(first(req, "x-forwarded-port"));
	const at = named ? (port ?? stated) : (stated ?? port);
	const isDefault = at === undefined || at === (scheme === "https" ? 443 : 80);
	const authority = isDefault ? hostname : `${hostname}:${at}`;
	return `${scheme}://${authority}${prefixOf(first(req, "x-forwarded-prefix"))}`;
}

/** The first value of a list. */
function first({ headers }: IncomingMessage, name: string): string {
	const value = headers[name];
	return ((Array.isArray(value) ? value[0] : value) ?? "").split(",")[0]?.trim() ?? "";
}

function forwardedPairs(element: string): { host: string; proto: string } {
	const pairs = { host: "", proto: "" };
	for (const [, name = "", quoted, plain] of element.matchAll(PAIR)) {
		pairs[name.toLowerCase() as keyof typeof pairs] = quoted ?? plain ?? "";
	}
	return pairs;
}

/** @throws Refusal `malformed-host` */
function splitHost(host: string): { hostname: string; port: number | undefined } {
	baseOfHost(host);
	const port = /:(\d+)$/.exec(host)?.[1];
	return port === undefined
		? { hostname: host, port: undefined }
		: { hostname: host.slice(0, -port.length - 1), port: Number(port) };
}

function portOf(text: string): number | undefined {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return port >= 1 && port <= 65_535 ? port : undefined;
}

/** @throws Refusal `malformed-header` */
function prefixOf(text: string): string {
	if (text.length > PREFIX_LENGTH_MAX || !PREFIX.test(text)) {
		throw new Refusal("malformed-header", {
			header: "X-Forwarded-Prefix",
			value: text.slice(0, 128),
			reason: `It takes the path of a URL, with at most ${PREFIX_LENGTH_MAX} characters.`,
		});
	}
	const segments = text.split("/").filter((segment) => segment !== "");
	return segments.map((segment) => `/${segment}`).join("");
}

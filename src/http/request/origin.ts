/**
 * What a browser brings with it: any web page that its user visits can send requests to a server on
 * the same machine, and a name that somebody else controls can be made to lead here. So
 *
 *   - the `Host` has to be a name of this server: a page that had its own name point here
 *     ("rebinding") would else be of this server's origin, and read everything;
 *   - a page of another origin changes nothing, unless `--cors-origin` names that origin;
 *   - nobody comes in without credentials from beyond this machine, unless `--allow-anonymous` says
 *     so. A request that a proxy has passed on is from beyond it, whatever its connection is.
 *
 * Programs send no `Origin`, and are asked for nothing of this.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback, isOpen, type Settings } from "../../config.ts";
import { Refusal } from "../../errors.ts";
import { connectionOf } from "../sockets/connection.ts";

/** The hosts that passed, by their text; more than any honest population sends. */
const REMEMBERED = 200;
const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]*))(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;
const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

export class OriginRules {
	readonly #isReachable: boolean;
	readonly #names: ReadonlySet<string>;
	readonly #publicHost: string | undefined;
	readonly #named: readonly string[];
	readonly #isOpen: boolean;
	readonly #allowsAnonymous: boolean;
	readonly #passed = new Set<string>();

	constructor(settings: Settings) {
		const { host, publicUrl, corsOrigin, allowAnonymous } = settings;
		this.#isReachable = !isLoopback(host);
		const url = publicUrl === undefined ? undefined : new URL(publicUrl);
		this.#publicHost = url?.host;
		this.#names = new Set([host.toLowerCase(), ...(url ? [nameOf(url.host) ?? ""] : [])]);
		this.#named = namedOrigins(corsOrigin);
		this.#allowsAnonymous = allowAnonymous;
		this.#isOpen = isOpen(settings);
	}

	/** @throws Refusal `host-not-ours` */
	checkHost(req: IncomingMessage): void {
		const { host = "" } = req.headers;
		if (this.#passed.has(host)) return;
		// A trusted proxy has its own names, and answers for them.
		if (connectionOf(req.socket).isTrusted) return;
		const name = nameOf(host);
		// A malformed one is refused where a URL is made of it.
		if (name === undefined) return;
		if (!this.#isOurs(name)) throw new Refusal("host-not-ours", { host: host.slice(0, 256) });
		if (this.#passed.size < REMEMBERED) this.#passed.add(host);
	}

	/** Whether the server lets in this request if it has no credentials. */
	letsInAnonymous(req: IncomingMessage): boolean {
		return this.#allowsAnonymous || (this.#isOpen && !isForwarded(req));
	}

	/**
	 * Of a request that changes something.
	 * @throws Refusal `foreign-origin`
	 */
	checkWrite({ headers, socket }: IncomingMessage): void {
		const { origin, host } = headers;
		const site = headers["sec-fetch-site"];
		if (origin === undefined) {
			if (site === "cross-site") throw new Refusal("foreign-origin", { origin: "unknown" });
			return;
		}
		if (this.#named.includes(origin)) return;
		// A page that tells nobody where it is sends its forms like this; their token decides. If the
		// browser says that the page is another's, that comes first.
		const isOthers = site !== undefined && site !== "same-origin";
		if (origin === "null" && !isOthers && FORM.test(headers["content-type"] ?? "")) return;
		// Over TLS, a page of plain http is of another origin, which anybody on its way can write.
		const isWeaker = connectionOf(socket).isSecure && !origin.startsWith("https:");
		const from = URL.canParse(origin) && !isWeaker ? new URL(origin).host : undefined;
		if (from !== undefined && (from === this.#publicHost || from === withoutPort(host, origin)))
			return;
		throw new Refusal("foreign-origin", { origin: origin.slice(0, 256) });
	}

	/**
	 * On loopback, nothing but its own names. A server that others reach is also asked by its
	 * addresses, and by names of its own network, which have no dot: nobody outside can have such a
	 * name point here.
	 */
	#isOurs(name: string): boolean {
		if (name === "" || this.#names.has(name)) return true;
		if (isLoopback(name) || name.endsWith(".localhost")) return true;
		return this.#isReachable && (isIP(name) !== 0 || !name.includes("."));
	}
}

/** The origins that `--cors-origin` names; none for `*` and `none`. */
export function namedOrigins(corsOrigin: string): readonly string[] {
	return corsOrigin === "*" || corsOrigin === "none" ? [] : corsOrigin.split(/, ?/);
}

/**
 * Whether a proxy has passed the request on, or its client says so. Written out, as each request is
 * asked: a loop over a list takes longer.
 */
export function isForwarded({ headers }: IncomingMessage): boolean {
	return (
		headers.forwarded !== undefined ||
		headers.via !== undefined ||
		headers["x-forwarded-for"] !== undefined ||
		headers["x-forwarded-host"] !== undefined ||
		headers["x-forwarded-port"] !== undefined ||
		headers["x-forwarded-proto"] !== undefined ||
		headers["x-forwarded-prefix"] !== undefined
	);
}

/** The name or address of a `Host`, in lower case; undefined if it cannot be one. */
function nameOf(host: string): string | undefined {
	const [, address, name, port = "0"] = HOST.exec(host) ?? [];
	if (Number(port) > PORT_MAX) return undefined;
	return (address ?? name)?.toLowerCase().replace(/\.$/, "");
}

/** The host as a URL of the same scheme writes it: without the scheme's own port. */
function withoutPort(host: string | undefined, origin: string): string | undefined {
	const url = `${origin.slice(0, origin.indexOf(":"))}://${host ?? ""}`;
	return URL.canParse(url) ? new URL(url).host : undefined;
}

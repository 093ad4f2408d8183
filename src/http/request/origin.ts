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
const FORWARDING = [
	"forwarded",
	"via",
	"x-forwarded-for",
	"x-forwarded-host",
	"x-forwarded-port",
	"x-forwarded-proto",
	"x-forwarded-prefix",
] as const;
const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

export class OriginRules {
	readonly #isReachable: boolean;
	readonly #names: ReadonlySet<string>;
	readonly #publicHost: string | undefined;
	readonly #named: string | undefined;
	readonly #isOpen: boolean;
	readonly #allowsAnonymous: boolean;
	readonly #passed = new Set<string>();

	constructor(settings: Settings) {
		const { host, publicUrl, corsOrigin, allowAnonymous } = settings;
		this.#isReachable = !isLoopback(host);
		const url = publicUrl === undefined ? undefined : new URL(publicUrl);
		this.#publicHost = url?.host;
		this.#names = new Set([host.toLowerCase(), ...(url ? [nameOf(url.host) ?? ""] : [])]);
		this.#named = corsOrigin === "*" || corsOrigin === "none" ? undefined : corsOrigin;
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
	letsInAnonymous({ headers }: IncomingMessage): boolean {
		if (this.#allowsAnonymous) return true;
		return this.#isOpen && FORWARDING.every((name) => headers[name] === undefined);
	}

	/**
	 * Of a request that changes something.
	 * @throws Refusal `foreign-origin`
	 */
	checkWrite({ headers }: IncomingMessage): void {
		const { origin, host } = headers;
		const site = headers["sec-fetch-site"];
		if (origin === undefined) {
			if (site === "cross-site") throw new Refusal("foreign-origin", { origin: "unknown" });
			return;
		}
		if (origin === this.#named) return;
		// A page that tells nobody where it is sends its forms like this; their token decides.
		if (origin === "null" && FORM.test(headers["content-type"] ?? "")) return;
		const from = URL.canParse(origin) ? new URL(origin).host : undefined;
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

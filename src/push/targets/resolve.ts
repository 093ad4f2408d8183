/**
 * Where one attempt connects to. The name is looked up once, *every* address that it has must be
 * one that a push may go to, and the connection then goes to an address that was looked at: a name
 * that has another address a moment later gains nothing.
 */
import { type BlockList, isIP } from "node:net";
import { isAllowed, refusalOf } from "./addresses.ts";
import { Lookups, type Resolver } from "./lookups.ts";

export type Place = {
	/** The addresses to connect to: the next one if there is no connection with the one before. */
	readonly addresses: readonly string[];
	/** Host and port as the `Host` field has them. */
	readonly host: string;
	readonly port: number;
	readonly isTls: boolean;
	/** The name that the certificate must have; undefined if the URL has an address. */
	readonly serverName: string | undefined;
	/** Path and query. */
	readonly path: string;
};

export type Unplaced = { readonly fault: "unresolved" | "refused"; readonly reason: string };

/** More addresses than an honest name has. */
const ADDRESSES_MAX = 64;
/** So many of them are tried. */
const TRIED_MAX = 4;
/** All pushes of the process wait in one line. */
const LOOKUPS = new Lookups();

export async function place(
	text: string,
	allowed: BlockList | undefined,
	resolve: Resolver = LOOKUPS.find,
): Promise<Place | Unplaced> {
	const url = new URL(text);
	const name = url.hostname.replace(/^\[|\]$/g, "");
	const isAddress = isIP(name) !== 0;
	let addresses: readonly string[];
	try {
		addresses = isAddress ? [name] : await resolve(name);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		return { fault: "unresolved", reason: reasonOf(name, code) };
	}
	const isTls = url.protocol === "https:";
	const fault = faultOf(name, addresses, allowed, isTls);
	if (fault) return fault;
	return {
		addresses: tried(addresses),
		host: url.host,
		port: Number(url.port || (isTls ? 443 : 80)),
		isTls,
		serverName: isAddress ? undefined : name,
		path: url.pathname + url.search,
	};
}

function faultOf(
	name: string,
	addresses: readonly string[],
	allowed: BlockList | undefined,
	isTls: boolean,
): Unplaced | undefined {
	if (addresses.length === 0 || addresses.length > ADDRESSES_MAX) {
		return { fault: "unresolved", reason: `the name ${name} has ${addresses.length} addresses` };
	}
	for (const address of addresses) {
		const word = refusalOf(address, allowed);
		if (word !== undefined) {
			return { fault: "refused", reason: `${address} is refused: ${word}` };
		}
		if (!isTls && !isAllowed(address, allowed)) {
			return { fault: "refused", reason: `${address} is refused: plain HTTP needs --push-allow` };
		}
	}
	return undefined;
}

function reasonOf(name: string, code = "error"): string {
	if (code === "ETIMEOUT") return `the look-up of the name ${name} took too long`;
	return `the name ${name} has no address: ${code}`;
}

/** In their order, but the first of each family before the others: one family may lead nowhere. */
function tried(addresses: readonly string[]): readonly string[] {
	const [first = ""] = addresses;
	const other = addresses.find((address) => isIP(address) !== isIP(first));
	const ordered = other === undefined ? addresses : [first, other, ...addresses];
	return [...new Set(ordered)].slice(0, TRIED_MAX);
}

/**
 * Which addresses a push may go to. A store that sends requests to URLs of its clients is a way
 * into the network behind it, so everything that is not plainly of the public internet is refused,
 * unless the operator has named it.
 */
import { type BlockList, isIP } from "node:net";
import { parseNetworks } from "../../networks.ts";

/** Ranges by the word that an attempt is refused with. RFC 6890 and its registries. */
const REFUSED: ReadonlyArray<readonly [word: string, networks: string]> = [
	["unspecified", "0.0.0.0/8, ::"],
	["loopback", "127.0.0.0/8, ::1"],
	// Before the link-local range that holds it. The others are private anyway.
	[
		"cloud metadata",
		"169.254.169.254, 169.254.170.2, 168.63.129.16, 100.100.100.200, fd00:ec2::254",
	],
	["link-local", "169.254.0.0/16, fe80::/10"],
	["private", "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, fec0::/10"],
	["shared (CGNAT)", "100.64.0.0/10"],
	["multicast", "224.0.0.0/4, ff00::/8"],
	["documentation", "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20"],
	// Which address they lead to is decided elsewhere: NAT64, 6to4, Teredo, ORCHID, SRv6.
	["translated", "64:ff9b::/96, 64:ff9b:1::/48, 2002::/16, 2001::/23, 192.88.99.0/24, 5f00::/16"],
	["translated", "::ffff:0:0:0/96, ::/96"],
	["reserved", "192.0.0.0/24, 198.18.0.0/15, 240.0.0.0/4, 100::/64, 100:0:0:1::/64"],
];
/** All that is global unicast of version 6 today; the rest was given to nobody. */
const GLOBAL_V6 = parseNetworks("2000::/3") as BlockList;

const LISTS: ReadonlyArray<readonly [word: string, list: BlockList]> = REFUSED.map(
	([word, networks]) => [word, parseNetworks(networks) as BlockList],
);
const MAPPED = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/;

/**
 * Says why no push goes to an address; undefined if one may.
 * @param address as look-ups give it, IPv4 or IPv6, without brackets
 * @param allowed the networks that the operator has named
 */
export function refusalOf(address: string, allowed: BlockList | undefined): string | undefined {
	const plain = plainAddress(address);
	if (plain === undefined) return "not an address";
	const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
	if (allowed?.check(plain, family)) return undefined;
	const [word] = LISTS.find(([, list]) => list.check(plain, family)) ?? [];
	if (word !== undefined) return word;
	return family === "ipv6" && !GLOBAL_V6.check(plain, "ipv6") ? "reserved" : undefined;
}

/** Whether the operator has named it. */
export function isAllowed(address: string, allowed: BlockList | undefined): boolean {
	const plain = plainAddress(address);
	if (plain === undefined || allowed === undefined) return false;
	return allowed.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}

/** A mapped IPv4 address is that address; a zone says by which interface, and so a link. */
function plainAddress(address: string): string | undefined {
	if (address.includes("%") || isIP(address) === 0) return undefined;
	if (isIP(address) === 4) return address;
	// The URL parser writes each address in its one canonical form.
	const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
	const [, dotted, high = "", low = ""] = MAPPED.exec(canonical) ?? [];
	if (dotted !== undefined) return dotted;
	if (high === "") return canonical;
	const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
	return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}

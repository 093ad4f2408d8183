/**
 * The address that a request comes from, to tell apart who fails to log in. Behind a trusted proxy
 * it is the last one of `X-Forwarded-For` (or `Forwarded`) that is no trusted proxy itself: what
 * stands before that, a client may have made up.
 */
import type { IncomingMessage } from "node:http";
import { type BlockList, isIP } from "node:net";
import { isWithin } from "../../networks.ts";
import { connectionOf } from "../sockets/connection.ts";

const HOPS_MAX = 20;
const FOR = /(?:^|[;,])\s*for\s*=\s*(?:"([^"]*)"|([^\s";,]*))/gi;

/**
 * @param trusted the proxies whose report counts
 * @returns "" if it is not known, as of a Unix socket
 */
export function clientAddress(req: IncomingMessage, trusted: BlockList | undefined): string {
	const { socket } = req;
	const nearest = plain(socket.remoteAddress ?? "");
	if (trusted === undefined || !connectionOf(socket).isTrusted) return networkOf(nearest);
	const hops = forwardedFor(req).slice(-HOPS_MAX).reverse();
	for (const hop of hops) {
		if (isIP(hop) === 0) break;
		if (!isWithin(trusted, hop)) return networkOf(hop);
	}
	return networkOf(nearest);
}

function forwardedFor({ headers }: IncomingMessage): string[] {
	const list = headers["x-forwarded-for"];
	if (list !== undefined) return String(list).split(",").map(plain);
	const standard = headers.forwarded ?? "";
	return [...standard.matchAll(FOR)].map(([, quoted, token]) => plain(quoted ?? token ?? ""));
}

/** An address without brackets, port, zone, and the prefix of IPv4 in IPv6. */
function plain(text: string): string {
	const bare = text
		.trim()
		.replace(/^\[([^\]]*)\](?::\d+)?$/, "$1")
		.replace(/%.*$/, "");
	const unported = /^\d+\.\d+\.\d+\.\d+:\d+$/.test(bare) ? bare.replace(/:\d+$/, "") : bare;
	return unported.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Of IPv6, the network of 64 bits that one customer has. */
function networkOf(address: string): string {
	if (isIP(address) !== 6) return address;
	const [head = "", tail] = address.toLowerCase().split("::");
	const left = head === "" ? [] : head.split(":");
	const right = tail === undefined || tail === "" ? [] : tail.split(":");
	const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
	const groups = tail === undefined ? left : [...left, ...zeros, ...right];
	return `${groups.slice(0, 4).join(":")}::/64`;
}

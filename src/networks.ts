/** Lists of addresses as operators write them: `10.0.0.0/8, 192.168.1.7, ::1`. */
import { BlockList, isIP } from "node:net";

/** @returns undefined if an item is neither an address nor a network in CIDR notation */
export function parseNetworks(text: string): BlockList | undefined {
	const list = new BlockList();
	for (const item of text.split(",")) {
		const [address = "", bits, ...more] = item.trim().split("/");
		const family = isIP(address) === 6 ? "ipv6" : "ipv4";
		if (isIP(address) === 0 || address.includes("%") || more.length > 0) return undefined;
		if (bits === undefined) list.addAddress(address, family);
		else if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv6" ? 128 : 32)) {
			return undefined;
		} else list.addSubnet(address, Number(bits), family);
	}
	return list;
}

/** @param address in the form of a socket, which may write IPv4 as `::ffff:10.0.0.1` */
export function isWithin(list: BlockList, address: string): boolean {
	const [unzoned = ""] = address.split("%");
	const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(unzoned)?.[1] ?? unzoned;
	const version = isIP(plain);
	return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4");
}

const LOOPBACK = parseNetworks("127.0.0.0/8, ::1") as BlockList;

/** Nearly all there are; each request with credentials asks, and a list takes 10 µs. */
const USUAL_LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** @param address in the form of a socket */
export function isLoopbackAddress(address: string): boolean {
	return USUAL_LOOPBACK.has(address) || isWithin(LOOPBACK, address);
}

/** Where pushes may go: each way to write an address that leads into a network of ours is refused. */
import { parseNetworks } from "../../src/networks.ts";
import { isAllowed, refusalOf } from "../../src/push/targets/addresses.ts";
import { place } from "../../src/push/targets/resolve.ts";
import { targetFault } from "../../src/push/targets/target.ts";

const OURS = parseNetworks("10.1.0.0/16, 127.0.0.1, fd12::/16");

describe("an address", () => {
	test.each([
		["127.0.0.1", "loopback"],
		["127.255.0.9", "loopback"],
		["::1", "loopback"],
		["0.0.0.0", "unspecified"],
		["0.1.2.3", "unspecified"],
		["::", "unspecified"],
		["10.0.0.1", "private"],
		["172.16.0.1", "private"],
		["172.31.255.255", "private"],
		["192.168.1.1", "private"],
		["fc00::1", "private"],
		["fd12:3456::1", "private"],
		["fec0::1", "private"],
		["169.254.1.1", "link-local"],
		["fe80::1", "link-local"],
		["169.254.169.254", "cloud metadata"],
		["100.100.100.200", "cloud metadata"],
		["168.63.129.16", "cloud metadata"],
		["fd00:ec2::254", "cloud metadata"],
		["100.64.0.1", "shared (CGNAT)"],
		["224.0.0.1", "multicast"],
		["ff02::1", "multicast"],
		["192.0.2.1", "documentation"],
		["198.51.100.7", "documentation"],
		["203.0.113.7", "documentation"],
		["2001:db8::1", "documentation"],
		["3fff::1", "documentation"],
		["192.0.0.8", "reserved"],
		["198.18.0.1", "reserved"],
		["240.0.0.1", "reserved"],
		["255.255.255.255", "reserved"],
		["100::1", "reserved"],
		["4000::1", "reserved"],
		["64:ff9b::a00:1", "translated"],
		["64:ff9b:1::1", "translated"],
		["2002:a00:1::1", "translated"],
		["2001:0:1::1", "translated"],
		["::ffff:0:10.0.0.1", "translated"],
		["::10.0.0.1", "translated"],
		["::ffff:127.0.0.1", "loopback"],
		["::ffff:7f00:1", "loopback"],
		["0:0:0:0:0:ffff:0a00:0001", "private"],
		["::FFFF:169.254.169.254", "cloud metadata"],
		["fe80::1%eth0", "not an address"],
		["localhost", "not an address"],
	])("%s is refused: %s", (address, word) => {
		expect(refusalOf(address, undefined)).toBe(word);
	});

	test.each(["93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])(
		"%s is of the public internet",
		(address) => {
			expect(refusalOf(address, undefined)).toBeUndefined();
		},
	);

	test.each([
		["10.1.2.3", true],
		["::ffff:10.1.2.3", true],
		["10.2.2.3", false],
		["127.0.0.1", true],
		["127.0.0.2", false],
		["fd12::9", true],
	])("%s of a network that the operator has named: %s", (address, may) => {
		expect(refusalOf(address, OURS) === undefined).toBe(may);
		expect(isAllowed(address, OURS)).toBe(may);
	});
});

describe("a target", () => {
	test.each([
		["ftp://example.org", /https/],
		["example.org", /not a URL/],
		["https://", /not a URL/],
		["https://una:secret@example.org/", /credentials/],
		["https://example.org/#part", /fragment/],
		["https://example.org:0/", /port 0/],
		["http://example.org/", /plain HTTP/],
		["https://example.org/ä", /unescaped/],
		[`https://example.org/${"x".repeat(2048)}`, /longer/],
	])("%s can be none", (url, fault) => {
		expect(targetFault(url, false)).toMatch(fault);
	});

	test.each([
		"http://2130706433/",
		"http://0x7f.1/",
		"http://0177.0.0.1/",
		"http://[::ffff:7f00:1]/",
	])("%s is the address that it hides", async (url) => {
		expect(await place(url, undefined)).toMatchObject({ fault: "refused" });
	});

	test("all addresses of a name are tested, and the connection goes to those that were", async () => {
		const both = async () => ["93.184.216.34", "10.0.0.1"];
		expect(await place("https://two.example/", undefined, both)).toEqual({
			fault: "refused",
			reason: "10.0.0.1 is refused: private",
		});
		const one = async () => ["93.184.216.34"];
		expect(await place("https://one.example:8443/a?b=1", undefined, one)).toEqual({
			addresses: ["93.184.216.34"],
			host: "one.example:8443",
			port: 8443,
			isTls: true,
			serverName: "one.example",
			path: "/a?b=1",
		});
	});

	test("plain HTTP goes to named networks alone, whatever the name says", async () => {
		const to = (address: string) => place("http://name.example/", OURS, async () => [address]);
		expect(await to("10.1.0.1")).toMatchObject({ addresses: ["10.1.0.1"], isTls: false });
		expect(await to("93.184.216.34")).toMatchObject({
			fault: "refused",
			reason: expect.stringMatching("plain HTTP"),
		});
	});

	test("a name without an address is no reason to guess", async () => {
		const none = async () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" }));
		expect(await place("https://none.example/", undefined, none)).toEqual({
			fault: "unresolved",
			reason: "the name none.example has no address: ENOTFOUND",
		});
	});
});

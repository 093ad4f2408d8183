import { isWithin, parseNetworks } from "../src/networks.ts";

test.each([
	["10.0.0.0/8", "10.255.0.1", true],
	["10.0.0.0/8", "11.0.0.1", false],
	["10.0.0.0/8", "::ffff:10.1.2.3", true],
	["192.168.1.7", "192.168.1.7", true],
	["192.168.1.7", "192.168.1.8", false],
	["::1", "::1", true],
	["fe80::/10", "fe80::1%eth0", true],
	["127.0.0.1, 10.0.0.0/8 ,::1", "10.0.0.1", true],
	["0.0.0.0/0", "8.8.8.8", true],
	["0.0.0.0/0", "::1", false],
	["10.0.0.0/8", "", false],
	["10.0.0.0/8", "/run/varve.sock", false],
])("%s: %s is %s", (networks, address, within) => {
	const list = parseNetworks(networks);
	expect(list && isWithin(list, address)).toBe(within);
});

test.each([
	"",
	"10.0.0.0/33",
	"::1/129",
	"10.0.0/8",
	"proxy.example",
	"10.0.0.0/8/8",
	"10.0.0.1,",
	"10.0.0.0/-1",
	"fe80::1%eth0",
])("%j is no list of networks", (text) => {
	expect(parseNetworks(text)).toBeUndefined();
});

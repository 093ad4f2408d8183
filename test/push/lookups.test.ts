/** Look-ups of names: few at a time, shared, bounded in time, and then a connection. */
import { parseNetworks } from "../../src/networks.ts";
import { HubLimits } from "../../src/push/hub/limits.ts";
import { post } from "../../src/push/sending/post.ts";
import { Lookups } from "../../src/push/targets/lookups.ts";
import { place } from "../../src/push/targets/resolve.ts";
import { hostOf } from "../../src/push/targets/target.ts";
import { until } from "../http/harness.ts";
import { refusal } from "../log/asking.ts";
import { receiver } from "./receiver.ts";

/** A system whose look-ups end when the test says so. */
class Names {
	readonly asked: string[] = [];
	readonly #waiting = new Map<string, (found: readonly string[]) => void>();

	readonly find = (name: string) => {
		this.asked.push(name);
		return new Promise<readonly string[]>((resolve) => this.#waiting.set(name, resolve));
	};

	answer(name: string): void {
		this.#waiting.get(name)?.(["93.184.216.34"]);
	}
}

describe("look-ups", () => {
	test("are two at a time, and one for all who want the same name", async () => {
		const names = new Names();
		const lookups = new Lookups(names.find);
		const found = ["a", "b", "a", "c"].map((name) => lookups.find(name));
		await until(() => names.asked.length === 2);
		expect(names.asked).toEqual(["a", "b"]);
		names.answer("a");
		await Promise.all([found[0], found[2]]);
		await until(() => names.asked.length === 3);
		names.answer("b");
		names.answer("c");
		expect(await Promise.all(found)).toEqual(found.map(() => ["93.184.216.34"]));
		// Nothing is remembered: the name may have another address now.
		void lookups.find("a");
		await until(() => names.asked.length === 4);
		names.answer("a");
	});

	test("end for whoever waits after a while, and what nobody waits for leaves the line", async () => {
		const names = new Names();
		const lookups = new Lookups(names.find, { waitMs: 30 });
		const late = await Promise.allSettled(["a", "b", "c"].map((name) => lookups.find(name)));
		expect(late.map((one) => (one as PromiseRejectedResult).reason.code)).toEqual([
			"ETIMEOUT",
			"ETIMEOUT",
			"ETIMEOUT",
		]);
		for (const name of ["a", "b"]) names.answer(name);
		await until(() => names.asked.length === 2);
		expect(await place("https://c.example/", undefined, lookups.find)).toEqual({
			fault: "unresolved",
			reason: "the look-up of the name c.example took too long",
		});
		expect(names.asked).toEqual(["a", "b", "c.example"]);
	});

	test("of names that were slow leave a place to the others", async () => {
		const names = new Names();
		const lookups = new Lookups(names.find, { slowMs: 0 });
		const first = ["slow-1", "slow-2"].map((name) => lookups.find(name));
		await until(() => names.asked.length === 2);
		for (const name of ["slow-1", "slow-2"]) names.answer(name);
		await Promise.all(first);
		const again = ["slow-1", "slow-2", "quick"].map((name) => lookups.find(name));
		await until(() => names.asked.length === 4);
		expect(names.asked.slice(2)).toEqual(["slow-1", "quick"]);
		for (const name of ["slow-1", "quick"]) names.answer(name);
		await until(() => names.asked.length === 5);
		names.answer("slow-2");
		await Promise.all(again);
	});
});

describe("a target with several addresses", () => {
	const allowed = parseNetworks("127.0.0.0/8, ::1");
	const sent = (url: string, addresses: readonly string[]) => {
		const ways = { allowed, ca: undefined, resolve: async () => addresses };
		const posted = { url, headers: [], body: Buffer.from("x"), timeoutMs: 10_000 };
		return post(posted, ways, new AbortController().signal);
	};

	test("gets the request once, at the first one that there is a connection with", async () => {
		const target = await receiver(() => 200);
		const { port } = new URL(target.url);
		const url = `http://two.example:${port}/`;
		// On the first ones nobody listens.
		const tried = ["127.0.0.2", "127.0.0.3", "127.0.0.1"];
		expect(await sent(url, tried)).toMatchObject({ word: "delivered", address: "127.0.0.1" });
		expect(target.got.length).toBe(1);
		expect(target.got[0]?.headers.host).toBe(`two.example:${port}`);
		const failed = await sent(url, ["127.0.0.2", "127.0.0.3"]);
		expect(failed).toMatchObject({
			word: "connection",
			address: "127.0.0.3",
			reason: "no connection: ECONNREFUSED (of 2 addresses)",
		});
		// An answer is an answer, and one that hangs up may have taken it.
		expect(await sent(url, ["127.0.0.1", "10.0.0.1"])).toMatchObject({ word: "refused-address" });
		expect(target.got.length).toBe(1);
		await target.close();
	});

	test("that has others at each look-up is connected to at one that was tested", async () => {
		const target = await receiver(() => 200);
		const answers = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]];
		const resolve = async () => answers.shift() ?? [];
		const posted = { headers: [], body: Buffer.from("x"), timeoutMs: 10_000 };
		const url = `http://turning.example:${new URL(target.url).port}/`;
		const words: string[] = [];
		for (let at = 0; at < 3; at++) {
			const ways = { allowed, ca: undefined, resolve };
			words.push((await post({ ...posted, url }, ways, new AbortController().signal)).word);
			// One look-up for each attempt: nothing is asked between the test and the connection.
			expect(answers.length).toBe(2 - at);
		}
		expect(words).toEqual(["delivered", "refused-address", "delivered"]);
		expect(target.got.length).toBe(2);
		await target.close();
	});

	test("is tried at four of them, of both families", async () => {
		const many = ["::1", "2606:4700::1", "2606:4700::2", "2606:4700::3", "1.1.1.1", "1.0.0.1"];
		const found = await place("https://many.example/", allowed, async () => many);
		expect(found).toMatchObject({
			addresses: ["::1", "1.1.1.1", "2606:4700::1", "2606:4700::2"],
		});
	});
});

test("limits of a host count all of its ports, and its name with a dot", async () => {
	expect(hostOf("https://hook.example:8443/a")).toBe("hook.example");
	expect(hostOf("https://hook.example./a")).toBe("hook.example");
	const limits = new HubLimits();
	const ask = async (port: number) =>
		limits.check(`https://hook.example:${port}/`, [], { isKnown: false, pending: 0, nowMs: 0 });
	for (let port = 1; port <= 20; port++) await ask(port);
	expect((await refusal(ask(21)))[1]).toMatchObject({ queue: "requests for this host" });
	const known = Array.from({ length: 100 }, (_, port) => `https://h.example:${port + 1}/`);
	const one = async () =>
		limits.check("https://h.example:200/", known, { isKnown: false, pending: 0, nowMs: 0 });
	expect((await refusal(one()))[1]).toMatchObject({ queue: "subscribers of this host" });
});

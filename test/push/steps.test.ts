/** What follows from attempts, and whom a commit wakes: pure functions, with time as an input. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import type { StreamName } from "../../src/event.ts";
import type { PushSource } from "../../src/push/delivering/subject.ts";
import { Wakeups } from "../../src/push/delivering/wakeups.ts";
import {
	afterAttempt,
	afterTime,
	attemptsAllowed,
	type Circuit,
	CLOSED,
} from "../../src/push/pace/circuit.ts";
import { Rate } from "../../src/push/pace/rate.ts";
import { isOfTarget, verdictOn } from "../../src/push/pace/verdict.ts";
import { type Outcome, retryAfterIn, wordOfStatus } from "../../src/push/sending/outcome.ts";
import { PushKey } from "../../src/push/signing/key.ts";
import { secretText, signatureFields } from "../../src/push/signing/signatures.ts";

const RULES = {
	tries: 12,
	backoffMs: 5000,
	backoffMsMax: 12 * 60 * 60 * 1000,
	onLast: "park",
} as const;
const DAY_MS = 24 * 60 * 60 * 1000;

function outcome(status: number, retryAfterMs?: number): Outcome {
	const word = wordOfStatus(status);
	return { word, status, reason: "", answer: "", address: undefined, retryAfterMs };
}

describe("a verdict", () => {
	test("twelve tries take two to three days, whatever the luck", () => {
		fc.assert(
			fc.property(
				fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12 }),
				(luck) => {
					let ms = 0;
					for (let tries = 1; ; tries++) {
						const verdict = verdictOn(outcome(500), tries, RULES, luck[tries - 1] ?? 0);
						if (verdict.is !== "retry") {
							expect([verdict.is, tries]).toEqual(["park", 12]);
							break;
						}
						ms += verdict.afterMs;
					}
					expect(ms / DAY_MS).toBeGreaterThan(1.3);
					expect(ms / DAY_MS).toBeLessThan(3);
				},
			),
		);
	});

	test("Retry-After makes a pause longer, never shorter, and a day at most", () => {
		const paused = (ms: number | undefined) => verdictOn(outcome(503, ms), 1, RULES, 0.5);
		expect(paused(60_000)).toEqual({ is: "retry", afterMs: 60_000 });
		expect(paused(10)).toEqual({ is: "retry", afterMs: 5000 });
		const now = Date.parse("2026-03-01T14:00:00Z");
		expect(retryAfterIn("120", now)).toBe(120_000);
		expect(retryAfterIn("Sun, 01 Mar 2026 14:01:00 GMT", now)).toBe(60_000);
		expect(retryAfterIn("Sun, 01 Mar 2020 14:01:00 GMT", now)).toBe(0);
		expect(retryAfterIn("9999999999", now)).toBe(DAY_MS);
		for (const odd of ["soon", "-1", "1.5", "", "99999999999999999999"]) {
			expect(retryAfterIn(odd, now)).toBeUndefined();
		}
	});

	test.each([
		[200, "settle"],
		[204, "settle"],
		[301, "retry"],
		[400, "retry"],
		[410, "stop"],
		[429, "retry"],
		[500, "retry"],
	] as const)("%s means %s", (status, is) => {
		expect(verdictOn(outcome(status), 1, RULES, 0).is).toBe(is);
	});

	test("a target that refuses a message is well", () => {
		expect([400, 422, 500, 503].map((status) => isOfTarget(outcome(status)))).toEqual([
			false,
			false,
			true,
			true,
		]);
	});
});

describe("a circuit", () => {
	const fail = (circuit: Circuit, nowMs: number, askedMs = 0) =>
		afterAttempt(circuit, false, { firstMs: 1000, askedMs, nowMs });

	test("opens after five failures in a row, lets one attempt through in time, and closes by it", () => {
		let circuit: Circuit = CLOSED;
		for (let at = 0; at < 4; at++) circuit = fail(circuit, at);
		expect([circuit.is, attemptsAllowed(circuit, 32)]).toEqual(["closed", 2]);
		circuit = fail(circuit, 4);
		expect(circuit).toEqual({ is: "open", untilMs: 1004, opened: 1 });
		expect(attemptsAllowed(circuit, 32)).toBe(0);
		expect(afterTime(circuit, 1003).is).toBe("open");
		circuit = afterTime(circuit, 1004);
		expect(attemptsAllowed(circuit, 32)).toBe(1);
		expect(fail(circuit, 1004)).toEqual({ is: "open", untilMs: 3004, opened: 2 });
		expect(afterAttempt(circuit, true, { firstMs: 1000, nowMs: 1004 })).toEqual(CLOSED);
	});

	test("stays open for ten minutes at most, but as long as the target asks", () => {
		let circuit: Circuit = { is: "half-open", opened: 30 };
		circuit = fail(circuit, 0);
		expect(circuit).toMatchObject({ untilMs: 600_000 });
		expect(fail(CLOSED, 0, 3_600_000)).toMatchObject({ is: "open", untilMs: 3_600_000 });
	});

	test("attempts that were under way when it opened neither close nor lengthen it", () => {
		const open: Circuit = { is: "open", untilMs: 1000, opened: 1 };
		expect(fail(open, 1)).toEqual(open);
		expect(afterAttempt(open, true, { firstMs: 1000, nowMs: 1 })).toEqual(open);
	});
});

test("requests are spread over their second, and a pause saves none up", () => {
	const rate = new Rate(10);
	const waits = [0, 0, 0, 1000, 1000].map((now) => {
		const wait = rate.waitMs(now);
		rate.took(now);
		return wait;
	});
	expect(waits).toEqual([0, 100, 200, 0, 100]);
	expect(new Rate(0).waitMs(0)).toBe(0);
});

describe("a commit", () => {
	const source = (stream: string, filter?: PushSource["filter"]): PushSource => ({
		name: { stream: stream as StreamName, group: "g" },
		start: 0,
		configuredAt: 0,
		filter,
		order: "stream",
		resolveLinktos: true,
	});
	const prefix = (context: "streamid" | "eventtype", data: string) =>
		({ context, type: "prefix", data }) as const;
	const wakeups = new Wakeups();
	const sources = {
		own: source("order-1"),
		category: source("$ce-order"),
		all: source("$all"),
		orders: source("$all", prefix("streamid", "order-,user-")),
		placed: source("$all", prefix("eventtype", "Placed")),
		regex: source("$all", { context: "streamid", type: "regex", data: "^x" }),
	};
	for (const [key, one] of Object.entries(sources)) wakeups.add(key, one);
	const woken = (...streams: string[]) => {
		const keys = new Set<string>();
		const grown = new Map(streams.map((stream) => [stream as StreamName, 0]));
		wakeups.follow({ streams: grown }, (key) => keys.add(key));
		return [...keys].sort();
	};

	test("wakes those whose stream grew, and those whose filter may let it pass", () => {
		expect(woken("order-1", "$ce-order", "$et-PlacedNow")).toEqual([
			...["all", "category", "orders", "own", "placed", "regex"],
		]);
		expect(woken("mail-1", "$ce-mail", "$et-Sent")).toEqual(["all", "regex"]);
	});

	test("of what the server writes for itself wakes nobody", () => {
		expect(woken("$push-webhooks", "$et-$WebhookConfigured")).toEqual([]);
		expect(woken("$persistentsubscription-a::b-checkpoint", "$$$push-x")).toEqual([]);
	});

	test("wakes nobody who was taken out", () => {
		for (const [key, one] of Object.entries(sources)) wakeups.remove(key, one);
		expect(woken("order-1", "$ce-order", "$et-Placed")).toEqual([]);
	});
});

describe("a signature", () => {
	test("is by each secret that is valid, of id, second and body", () => {
		const key = new PushKey(() => Buffer.from("x".repeat(32)));
		const uid = "0".repeat(32);
		const secrets = [
			{ uid, generation: 2 },
			{ uid, generation: 1 },
		];
		const signed = { id: "msg_1", timestamp: 7, body: Buffer.from("{}") };
		const fields = signatureFields(key, secrets, signed);
		const list = fields[fields.indexOf("webhook-signature") + 1]?.split(" ") ?? [];
		expect(list.map((one) => one.split(",")[0])).toEqual(["v1", "v1a", "v1", "v1a"]);
		const secret = secretText(key, { uid, generation: 1 }).slice("whsec_".length);
		const mac = createHmac("sha256", Buffer.from(secret, "base64")).update("msg_1.7.{}");
		expect(list[2]).toBe(`v1,${mac.digest("base64")}`);
	});

	test("what is sealed is opened by its key alone, and only for what it belongs to", () => {
		const key = new PushKey(() => Buffer.from("x".repeat(32)));
		const sealed = key.seal("a secret", "here");
		expect(key.open(sealed, "here")).toBe("a secret");
		expect(key.open(sealed, "there")).toBeUndefined();
		expect(new PushKey(() => Buffer.from("y".repeat(32))).open(sealed, "here")).toBeUndefined();
		expect(key.open("nonsense", "here")).toBeUndefined();
	});
});

/** What keeps passwords: their hashes, the turns of checks, and the failures that are counted. */
import { createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { PasswordChecks } from "../../src/accounts/passwords/checks.ts";
import { Failures } from "../../src/accounts/passwords/failures.ts";
import {
	hashOfNothing,
	hashPassword,
	isHash,
	isOutdated,
	isPasswordOf,
	legacyHash,
} from "../../src/accounts/passwords/hash.ts";
import { passwordFault } from "../../src/accounts/passwords/rules.ts";
import { Turns } from "../../src/accounts/passwords/turns.ts";
import { isRefusal } from "../../src/errors.ts";
import { KeyedHash } from "../../src/http/authentication/remembered.ts";

const COST = 10;

async function wordOf(promise: Promise<unknown>): Promise<string> {
	const error = await promise.then(
		() => undefined,
		(thrown: unknown) => thrown,
	);
	return isRefusal(error) ? error.word : String(error);
}

describe("a hash", () => {
	test("fits its password alone, and is another one each time", async () => {
		const [one, other] = await Promise.all([
			hashPassword("päss:wörd", COST),
			hashPassword("päss:wörd", COST),
		]);
		expect(one).toMatch(/^\$scrypt\$ln=10,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
		expect(one).not.toBe(other);
		expect(await isPasswordOf("päss:wörd", one)).toBe(true);
		expect(await isPasswordOf("päss:word", one)).toBe(false);
		expect(await isPasswordOf("", hashOfNothing(COST))).toBe(false);
	});

	test("is outdated at another cost, and still fits", async () => {
		const hash = await hashPassword("changeit", COST);
		expect([isOutdated(hash, COST), isOutdated(hash, COST + 1)]).toEqual([false, true]);
	});

	test("of EventStore fits, and is outdated", async () => {
		const salt = Buffer.from("0123456789abcdef");
		const old = pbkdf2Sync("changeit", salt, 1000, 20, "sha1").toString("base64");
		const hash = legacyHash(salt.toString("base64"), old);
		expect(await isPasswordOf("changeit", hash)).toBe(true);
		expect(await isPasswordOf("changeIt", hash)).toBe(false);
		expect(isOutdated(hash, COST)).toBe(true);
	});

	test.each([
		"",
		"changeit",
		"$scrypt$ln=31,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=10,r=999,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=10,r=8,p=1$AAAA$AAAA",
		"$pbkdf2$$",
	])("'%s' is none, whatever it would cost, and no password fits it", async (text) => {
		expect(isHash(text)).toBe(false);
		expect(await isPasswordOf("changeit", text)).toBe(false);
	});
});

test.each([
	["short", /fewer than 8/],
	["x".repeat(1025), /longer than 1024 bytes/],
	["line\nbreak", /control character/],
	["\ud800surrogate", /surrogate/],
])("the password %j is refused, and not repeated", (password, reason) => {
	const fault = passwordFault(password) ?? "";
	expect(fault).toMatch(reason);
	expect(fault).not.toContain(password);
});

test("credentials are remembered under the HMAC that everybody else computes", () => {
	const key = randomBytes(64).map((byte) => byte & 0x7f);
	for (const text of ["", "Basic YTpi", "ü".repeat(500)]) {
		const expected = createHmac("sha256", key).update(text).digest("base64");
		expect(new KeyedHash(key).of(text)).toBe(expected);
	}
});

test("only two work at a time, a line has an end, and no address fills it alone", async () => {
	const turns = new Turns();
	const open: (() => void)[] = [];
	let [running, most] = [0, 0];
	const work = () =>
		new Promise<void>((done) => {
			running++;
			most = Math.max(most, running);
			open.push(() => {
				running--;
				done();
			});
		});
	const taken = Array.from({ length: 2 + 16 }, () => turns.take("a", work));
	expect(await wordOf(turns.take("a", work))).toBe("logins-busy");
	for (let at = 0; at < 48; at++) taken.push(turns.take(`b${at % 4}`, work));
	expect(await wordOf(turns.take("c", work))).toBe("logins-busy");
	for (let at = 0; at < taken.length; at++) {
		open[at]?.();
		await taken[at];
	}
	expect(most).toBe(2);
	await expect(turns.take("a", async () => "free again")).resolves.toBe("free again");
});

describe("failures", () => {
	test("slow down an account from one address, longer each time, up to a minute", () => {
		let now = 0;
		const failures = new Failures(() => now);
		for (let count = 1; count <= 5; count++) {
			failures.failed("admin", "198.51.100.1");
			failures.check("admin", "198.51.100.1");
		}
		const waits: number[] = [];
		for (let count = 0; count < 9; count++) {
			failures.failed("admin", "198.51.100.1");
			try {
				failures.check("admin", "198.51.100.1");
			} catch (error) {
				if (!isRefusal(error, "logins-slowed")) throw error;
				waits.push(error.facts.retryAfterSeconds);
				now += error.facts.retryAfterSeconds * 1000;
			}
			failures.check("admin", "198.51.100.1");
		}
		expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
	});

	test("leave the account open from elsewhere, and are forgotten after a success", () => {
		const failures = new Failures(() => 0);
		for (let count = 0; count < 9; count++) failures.failed("admin", "198.51.100.1");
		failures.check("admin", "203.0.113.7");
		failures.check("ops", "198.51.100.1");
		failures.succeeded("admin", "198.51.100.1");
		failures.check("admin", "198.51.100.1");
	});
});

test("guesses that come all at once are counted as well as one after another", async () => {
	const checks = new PasswordChecks(COST);
	const account = { hash: await hashPassword("changeit", COST), isDisabled: false };
	const guess = (password: string) =>
		checks.check({ login: "admin", password, address: "a" }, account);
	const words = await Promise.all(
		Array.from({ length: 16 }, (_, at) => wordOf(guess(`guess ${at}`))),
	);
	// Two may run beside the one that is counted sixth.
	expect(words.filter((word) => word === "unauthorized").length).toBeLessThanOrEqual(7);
	expect(words.filter((word) => word === "logins-slowed").length).toBeGreaterThanOrEqual(9);
});

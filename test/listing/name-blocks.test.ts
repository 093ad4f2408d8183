/** The index of names, against a look at all names. */
import type { StreamName } from "../../src/event.ts";
import { NameBlocks } from "../../src/listing/name-blocks.ts";
import { isBelow, rangesOf, type Span } from "../../src/listing/names.ts";
import { type Random, randomFrom } from "../../test/feeds/random.ts";

const inOrder = (one: string, other: string) =>
	Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Names as stores have them: counted, with ids, in other scripts, and some that are all alike. */
function namesFrom(random: Random, count: number): StreamName[] {
	const hex = (length: number) => hexFrom(random, length);
	const made = [
		(at: number) => `order-${at}`,
		() => `cart-${hex(8)}-${hex(4)}`,
		(at: number) => `Straße-長い名${at % 7}-🙂${hex(2)}`,
		(at: number) => `${"a".repeat(at % 5)}#${at}`,
		() => `\u{10ffff}${hex(1)}`,
		() => `\uffee${hex(1)}`,
	];
	return Array.from({ length: count }, (_, at) => random.pick(made)(at) as StreamName);
}

function hexFrom(random: Random, length: number): string {
	return Array.from({ length }, () => random.upTo(16).toString(16)).join("");
}

function isIn(name: string, { from, before }: Span): boolean {
	return !isBelow(name, from) && (before === undefined || isBelow(name, before));
}

test("code points are in the order of their bytes", () => {
	const names = namesFrom(randomFrom(7), 300);
	const sorted = [...names].sort(inOrder);
	expect([...names].sort((a, b) => Number(isBelow(b, a)) - Number(isBelow(a, b)))).toEqual(sorted);
});

test.each([1, 2, 3])("no name is lost, whenever it was added (seed %i)", (seed) => {
	const random = randomFrom(seed);
	const [early, late] = [namesFrom(random, 1000), namesFrom(random, 200)];
	const blocks = new NameBlocks(early.length);
	const walked = [...new Set(early)].sort(inOrder) as StreamName[];
	for (const [at, name] of walked.entries()) {
		blocks.add(name);
		// While the names are walked, others come, and are walked if they are behind.
		if (at % 10 === 0) blocks.insert(late[at / 10] as StreamName);
	}
	blocks.reach(undefined);
	for (const name of late) blocks.insert(name);
	const all = [...new Set([...walked, ...late])];
	for (let tries = 0; tries < 100; tries++) {
		const name: string = random.pick(all);
		const start = random.upTo(Math.max(1, name.length - 3));
		const text = name.slice(start, start + 3 + random.upTo(6));
		if (text.length < 3) continue;
		const prefix = random.upTo(2) === 0 ? "" : String.fromCodePoint(name.codePointAt(0) ?? 0);
		for (const span of rangesOf(prefix, random.upTo(3) === 0 ? all[tries] : undefined)) {
			const wanted = all.filter((one) => one.includes(text) && isIn(one, span));
			const found = blocks.narrow(span, text);
			const lost = wanted.filter((one) => !found.some((part) => isIn(one, part)));
			expect(lost).toEqual([]);
			for (const [at, part] of found.entries()) {
				const next = found[at + 1];
				// In order, and none twice.
				if (next) expect(part.before === undefined || isBelow(next.from, part.before)).toBe(false);
				expect(isIn(part.from, span) || part.from === span.from).toBe(true);
			}
		}
	}
});

test("an id leads to few of the names", () => {
	const random = randomFrom(4);
	const made = Array.from({ length: 5000 }, () => `order-${hexFrom(random, 32)}` as StreamName);
	const names = made.sort();
	const blocks = new NameBlocks(names.length);
	for (const name of names) blocks.add(name);
	blocks.reach(undefined);
	const text = names[2000]?.slice(14, 24) ?? "";
	const [span] = rangesOf("", undefined).slice(-1) as [Span];
	const looked = blocks
		.narrow(span, text)
		.reduce((sum, part) => sum + names.filter((name) => isIn(name, part)).length, 0);
	expect(looked).toBeGreaterThan(0);
	expect(looked).toBeLessThan(200);
});

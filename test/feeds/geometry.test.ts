import {
	alignedForward,
	GRID,
	isSealed,
	type Neighbours,
	neighbours,
	type PageRange,
	pageToWaitAt,
} from "../../feeds/geometry.ts";

const forward = (from: number, count: number): PageRange => ({ direction: "forward", from, count });
const backward = (from: number | "head", count: number): PageRange => ({
	direction: "backward",
	from,
	count,
});

/** The versions a page of a stream that ends at `last` holds, oldest first. */
function versionsOf(range: PageRange, last: number): number[] {
	const from = range.from === "head" ? last : range.from;
	const lowest = range.direction === "forward" ? from : from - range.count + 1;
	const highest = range.direction === "forward" ? from + range.count - 1 : from;
	const versions: number[] = [];
	for (let v = Math.max(0, lowest); v <= Math.min(highest, last); v++) versions.push(v);
	return versions;
}

/** Numbers from 0 up to `below`, the same for the same seed. */
function dice(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, v) => v);
const COUNTS = [1, 2, 3, 7, 10, 12, 19, 20, 21, 25, 40, 60, 500];
const LASTS = [-1, 0, 1, 18, 19, 20, 21, 38, 39, 40, 47, 59, 60, 99, 100, 123];

describe("the links of a forward page", () => {
	test("lead from a full page to the next of the same count", () => {
		expect(neighbours(forward(0, 20), 100).previous).toEqual(forward(20, 20));
		expect(neighbours(forward(0, 500), 2000).previous).toEqual(forward(500, 500));
		expect(neighbours(forward(5, 7), 100).previous).toEqual(forward(12, 7));
	});

	test("lead from a full page that ends on the grid to full pages of the grid", () => {
		expect(neighbours(forward(48, 12), 100).previous).toEqual(forward(60, 20));
		expect(neighbours(forward(10, 10), 100).previous).toEqual(forward(20, 20));
	});

	test("lead from the head to one short page up to the grid", () => {
		expect(neighbours(forward(40, 20), 47).previous).toEqual(forward(48, 12));
		expect(neighbours(forward(0, 500), 47).previous).toEqual(forward(48, 12));
		expect(neighbours(forward(48, 12), 50).previous).toEqual(forward(51, 9));
		expect(neighbours(forward(40, 30), 59).previous).toEqual(forward(60, 20));
	});

	test("lead from a page that is full at the head where they will lead for ever", () => {
		expect(neighbours(forward(40, 20), 59).previous).toEqual(forward(60, 20));
	});

	test("have no newer page where there is nothing yet", () => {
		expect(neighbours(forward(48, 12), 47).previous).toBeUndefined();
		expect(neighbours(forward(0, 20), -1)).toEqual({ first: backward("head", 20) });
		expect(neighbours(forward(900, 20), 47).previous).toBeUndefined();
	});

	test("have older pages only above version 0", () => {
		expect(neighbours(forward(0, 20), 47).next).toBeUndefined();
		expect(neighbours(forward(0, 20), 47).last).toBeUndefined();
		const page = neighbours(forward(20, 10), 24);
		expect(page.next).toEqual(backward(19, 10));
		expect(page.last).toEqual(forward(0, 10));
		expect(page.first).toEqual(backward("head", 10));
		expect(page.previous).toEqual(forward(25, 15));
	});
});

describe("the links of a backward page", () => {
	test("lead from the head by one short page down to the grid, then by full ones", () => {
		const head = neighbours(backward("head", 20), 47);
		expect(head.next).toEqual(backward(27, 8));
		expect(head.previous).toEqual(forward(48, 12));
		expect(neighbours(backward(27, 8), 47).next).toEqual(backward(19, 20));
		expect(neighbours(backward(19, 20), 47).next).toBeUndefined();
	});

	test("are the contract's where the page has a number of its own", () => {
		const page = neighbours(backward(14, 10), 24);
		expect(page.first).toEqual(backward("head", 10));
		expect(page.last).toEqual(forward(0, 10));
		expect(page.next).toEqual(backward(4, 10));
		expect(page.previous).toEqual(forward(15, 10));
		const lowest = neighbours(backward(4, 10), 24);
		expect(lowest.previous).toEqual(forward(5, 10));
		expect(lowest.next).toBeUndefined();
		expect(lowest.last).toBeUndefined();
	});

	test("lead down from a page above the head, and up to the first version to come", () => {
		const page = neighbours(backward(100, 20), 47);
		expect(page.next).toEqual(backward(80, 20));
		expect(page.previous).toEqual(forward(48, 12));
	});

	test("stay the same when the page's newest entry stops being the head", () => {
		const page = backward(47, 10);
		expect(neighbours(page, 47)).toEqual(neighbours(page, 48));
	});

	test("of an empty stream lead to its first page", () => {
		expect(neighbours(backward("head", 20), -1)).toEqual({
			first: backward("head", 20),
			previous: forward(0, 20),
		});
	});
});

describe("a reader that follows previous", () => {
	test.each(COUNTS)(
		"from any version by pages of %i reads each version once, in order",
		(count) => {
			for (const last of LASTS) {
				for (let from = 0; from <= last + 1; from++) {
					expect(ascend(forward(from, count), () => last)).toEqual(upTo(last).slice(from));
				}
			}
		},
	);

	test.each(COUNTS)("from any backward page of %i goes on right above it", (count) => {
		for (const last of LASTS) {
			for (let from = 0; from <= last; from++) {
				const above = neighbours(backward(from, count), last).previous as PageRange;
				expect(ascend(above, () => last)).toEqual(upTo(last).slice(from + 1));
			}
			const above = neighbours(backward("head", count), last).previous as PageRange;
			expect(above).toEqual(alignedForward(last + 1));
		}
	});

	test("reads each version once while the stream grows between any two pages", () => {
		const seed = Date.now() % 1_000_000;
		process.stdout.write(`growth between pages: seed ${seed}\n`);
		const roll = dice(seed);
		for (let round = 0; round < 300; round++) {
			const target = 50 + roll(300);
			let last = roll(50) - 1;
			const grow = () => {
				const now = last;
				last = Math.min(target, last + roll(30));
				return now;
			};
			const from = roll(40);
			const seen = ascend(forward(from, COUNTS[roll(COUNTS.length)] ?? 20), grow, target);
			expect(seen).toEqual(upTo(target).slice(from));
		}
	});

	test("is on the grid two pages after the head, wherever it was", () => {
		for (let last = 0; last < 100; last++) {
			const short = neighbours(forward(last, 20), last + 500);
			const atHead = neighbours(forward(last, 33), last).previous as PageRange;
			expect(short.previous).toEqual(forward(last + 20, 20));
			const joined = neighbours(atHead, last + 500).previous as PageRange;
			expect(joined).toEqual(forward(Math.floor((last + 1) / 20) * 20 + 20, 20));
		}
	});

	test("by aligned bulk pages stays aligned up to the head", () => {
		let page = forward(0, 500);
		for (let n = 1; n <= 5; n++) {
			page = neighbours(page, 2600).previous as PageRange;
			expect(page).toEqual(forward(n * 500, 500));
		}
		expect(neighbours(page, 2600).previous).toEqual(forward(2601, 19));
	});
});

describe("a reader that follows next", () => {
	test.each(COUNTS)(
		"from the head by pages of %i reads each version once, newest first",
		(count) => {
			for (const last of LASTS) {
				const seen: number[] = [];
				for (let page: PageRange | undefined = backward("head", count); page; ) {
					seen.push(...versionsOf(page, last).reverse());
					page = neighbours(page, last).next;
				}
				expect(seen).toEqual(upTo(last).reverse());
			}
		},
	);

	test("shares all pages but the first two with everybody else", () => {
		for (let last = 0; last < 200; last++) {
			const first = neighbours(backward("head", 20), last).next;
			let page = first && neighbours(first, last).next;
			for (; page; page = neighbours(page, last).next) {
				expect(page.count).toBe(20);
				expect(((page.from as number) + 1) % 20).toBe(0);
			}
		}
	});
});

describe("a sealed page", () => {
	test("is one whose newest slot is filled", () => {
		expect(isSealed(forward(20, 20), 38)).toBe(false);
		expect(isSealed(forward(20, 20), 39)).toBe(true);
		expect(isSealed(backward(39, 20), 38)).toBe(false);
		expect(isSealed(backward(39, 20), 39)).toBe(true);
		expect(isSealed(backward(4, 20), 4)).toBe(true);
		expect(isSealed(forward(0, 1), -1)).toBe(false);
	});

	test("is never the head, nor any page of a stream without events", () => {
		expect(isSealed(backward("head", 20), 100)).toBe(false);
		expect(isSealed(backward(0, 20), -1)).toBe(false);
	});

	test("links the same whatever the stream became since", () => {
		for (const count of COUNTS) {
			for (let from = 0; from < 90; from++) {
				for (const page of [forward(from, count), backward(from, count)]) {
					const sealedAt = page.direction === "forward" ? from + count - 1 : from;
					const then = neighbours(page, sealedAt);
					const later = [1, 2, 19, 20, 21, 1000].map((n) => neighbours(page, sealedAt + n));
					expect(later).toEqual(Array(6).fill(then));
				}
			}
		}
	});

	test("has archive neighbours on the grid of its own size where it is aligned to that", () => {
		expect(archivesOf(neighbours(forward(500, 500), 5000))).toEqual([
			forward(0, 500),
			forward(1000, 500),
		]);
		expect(archivesOf(neighbours(backward(39, 20), 50))).toEqual([forward(0, 20), forward(40, 20)]);
		expect(archivesOf(neighbours(forward(0, 20), 50))).toEqual([undefined, forward(20, 20)]);
	});

	test("has none where it is off the grid: they would overlap it", () => {
		for (const page of [forward(0, 1), forward(48, 12), forward(45, 30), backward(10, 20)])
			expect(archivesOf(neighbours(page, 100))).toEqual([undefined, undefined]);
	});

	test("touches its archive neighbours, and overlaps none", () => {
		for (const count of COUNTS) {
			for (let from = 0; from < 90; from++) {
				for (const page of [forward(from, count), backward(from, count)]) {
					const versions = versionsOf(page, 10_000);
					const [older, newer] = archivesOf(neighbours(page, 10_000));
					if (older) expect(versionsOf(older, 10_000).at(-1)).toBe(Number(versions[0]) - 1);
					if (newer) expect(versionsOf(newer, 10_000)[0]).toBe(Number(versions.at(-1)) + 1);
					expect(newer === undefined).toBe(
						count % 20 !== 0 || Number(versions[0]) % count !== 0 || versions.length < count,
					);
				}
			}
		}
	});

	test("alone has archive neighbours", () => {
		expect(archivesOf(neighbours(backward("head", 20), 100))).toEqual([undefined, undefined]);
		expect(archivesOf(neighbours(forward(90, 20), 100))).toEqual([undefined, undefined]);
	});
});

describe("the grid", () => {
	test("is of 20, joined within one page from anywhere", () => {
		expect(GRID).toBe(20);
		expect(alignedForward(0)).toEqual(forward(0, 20));
		expect(alignedForward(48)).toEqual(forward(48, 12));
		expect(alignedForward(59)).toEqual(forward(59, 1));
		expect(alignedForward(60)).toEqual(forward(60, 20));
		expect(alignedForward(60, 500)).toEqual(forward(60, 440));
	});

	test("may have any other size", () => {
		for (const size of [1, 7, 20, 64, 100]) {
			for (let last = 0; last < 150; last++) {
				const { previous } = neighbours(forward(0, 500), last, size);
				expect((Number(previous?.from) + (previous?.count ?? 0)) % size).toBe(0);
				expect(ascend(forward(0, size), () => last, last, size)).toEqual(upTo(last));
			}
		}
	});
});

function archivesOf(page: Neighbours): (PageRange | undefined)[] {
	return [page.prevArchive, page.nextArchive];
}

/** What a reader sees that follows `previous`, asking the same page again where there is none. */
function ascend(start: PageRange, lastNow: () => number, until = lastNow(), size = GRID): number[] {
	const seen: number[] = [];
	for (let page = start; ; ) {
		const last = lastNow();
		seen.push(...versionsOf(page, last));
		const { previous } = neighbours(page, last, size);
		if (!previous && last >= until) return seen;
		page = previous ?? page;
	}
}

test("all who wait at one place wait for one page, which ends on the grid", () => {
	expect(pageToWaitAt(forward(47, 20))).toEqual(forward(47, 13));
	expect(pageToWaitAt(forward(47, 13))).toEqual(forward(47, 13));
	expect(pageToWaitAt(forward(60, 7))).toEqual(forward(60, 20));
	// Bulk readers meet the others at their first answer.
	expect(pageToWaitAt(forward(1000, 1000))).toEqual(forward(1000, 1000));
});

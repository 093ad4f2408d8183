import {
	BACKOFF_MAX_MS,
	nextDelay,
	parseRetryAfter,
	pollDelay,
	RETRY_AFTER_MAX_MS,
} from "../../../feeds/reader/backoff.ts";

describe("after faults", () => {
	test("the longest delay doubles with each fault, up to half a minute", () => {
		const longest = [1, 2, 3, 4, 9, 10, 100, 1e9].map((faults) => nextDelay(faults, 1));
		expect(longest).toEqual([100, 200, 400, 800, 25_600, 30_000, 30_000, 30_000]);
	});

	test("the delay is spread over all of the interval", () => {
		expect(nextDelay(4, 0)).toBe(0);
		expect(nextDelay(4, 0.5)).toBe(400);
	});

	test("the server's wish is a lower bound, as long as it is sane", () => {
		expect(nextDelay(1, 0, 7000)).toBe(7000);
		expect(nextDelay(1, 0.5, 7000)).toBe(7050);
		expect(nextDelay(1, 0, 1e12)).toBe(RETRY_AFTER_MAX_MS);
		expect(nextDelay(99, 1, 1e12)).toBe(RETRY_AFTER_MAX_MS + BACKOFF_MAX_MS);
	});
});

describe("at the head", () => {
	test("a server that answers at once is asked once an interval, give or take a quarter", () => {
		expect(pollDelay(0, 1000, 0)).toBe(750);
		expect(pollDelay(0, 1000, 0.5)).toBe(1000);
		expect(pollDelay(0, 1000, 1)).toBe(1250);
		expect(pollDelay(400, 1000, 0.5)).toBe(600);
	});

	test("a server that held the request is asked again at once", () => {
		expect(pollDelay(20_000, 1000, 1)).toBe(0);
	});
});

test("Retry-After is seconds or a date, and anything else is nothing", () => {
	const now = Date.parse("Sun, 22 Nov 2026 08:00:00 GMT");
	expect(parseRetryAfter("5", now)).toBe(5000);
	expect(parseRetryAfter("Sun, 22 Nov 2026 08:00:30 GMT", now)).toBe(30_000);
	expect(parseRetryAfter("Sun, 22 Nov 2026 07:00:00 GMT", now)).toBe(0);
	expect(parseRetryAfter("soon", now)).toBe(0);
	expect(parseRetryAfter("-5", now)).toBe(0);
	expect(parseRetryAfter(null, now)).toBe(0);
});

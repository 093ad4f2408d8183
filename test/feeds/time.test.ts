import { parseTime } from "../../feeds/time.ts";

describe("a time of RFC 3339", () => {
	// The examples of its section 5.8, and what its grammar allows besides.
	test.each([
		["1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"],
		["1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"],
		["1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"],
		["2024-02-29t00:00:00z", "2024-02-29T00:00:00.000Z"],
		["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
		["2026-03-01T14:00:00-00:00", "2026-03-01T14:00:00.000Z"],
		["2026-03-01T14:00:00.058Z", "2026-03-01T14:00:00.058Z"],
	])("%s is %s", (text, moment) => {
		expect(parseTime(text)).toBe(Date.parse(moment));
	});

	test.each(["1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00", "1990-12-31T23:59:60.9Z"])(
		"a leap second, %s, is the start of the next month",
		(text) => expect(parseTime(text)).toBe(Date.parse("1991-01-01T00:00:00Z")),
	);

	test("finer than a millisecond is the next one, so that no reader starts too early", () => {
		expect(parseTime("2026-03-01T14:00:00.0580Z")).toBe(parseTime("2026-03-01T14:00:00.058Z"));
		expect(parseTime("2026-03-01T14:00:00.0581Z")).toBe(parseTime("2026-03-01T14:00:00.059Z"));
	});

	test.each([
		"",
		"yesterday 5",
		"2020-01-01",
		"2020-01-01T00:00:00",
		"2020-01-01 00:00:00Z",
		"2020-02-30T00:00:00Z",
		"2021-02-29T00:00:00Z",
		"2020-13-01T00:00:00Z",
		"2020-01-01T24:00:00Z",
		"2020-01-01T00:60:00Z",
		"2020-01-01T00:00:61Z",
		"2020-01-01T00:00:60Z",
		"2016-12-31T23:59:60+01:00",
		"2020-01-01T00:00:00+24:00",
		"2020-01-01T00:00:00+00:60",
		"2020-01-01T00:00:00,5Z",
		"2020-01-01T00:00:00.Z",
		"+002020-01-01T00:00:00Z",
		"٢٠٢٠-01-01T00:00:00Z",
		`2020-01-01T00:00:00.${"0".repeat(64)}Z`,
		"2020-01-01T00:00:00Z\n",
	])("is not %j", (text) => {
		expect(parseTime(text)).toBeUndefined();
	});
});

/**
 * Times as RFC 3339 writes them: the one place that reads them.
 *
 * `Date.parse` reads too much (`yesterday 5`, a day alone, the 30th of February) and too little (no
 * leap second), and differs between programs.
 */

//            year    month   day          hour  minute second fraction   offset
const TIME = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
/** Nobody measures finer than this. */
const LENGTH_MAX = 64;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Reads a time with its offset (RFC 3339 section 5.6): without one it would be no moment.
 * @returns milliseconds since 1970; of a finer time the next one. Undefined if it is no such time.
 */
export function parseTime(text: string): number | undefined {
	if (text.length > LENGTH_MAX) return undefined;
	const [, day, hour, minute, second, fraction = "", offset = ""] = TIME.exec(text) ?? [];
	const date = day === undefined ? undefined : startOfDay(day);
	const shift = offsetMs(offset);
	if (date === undefined || shift === undefined) return undefined;
	if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
	const start = date + (Number(hour) * 60 + Number(minute)) * MINUTE_MS - shift;
	if (second === "60") return isEndOfMonth(start) ? start + MINUTE_MS : undefined;
	// In digits: 0.058 times 1000 is more than 58 to a double.
	const digits = fraction.slice(1);
	const milliseconds = Number(digits.slice(0, 3).padEnd(3, "0"));
	const finer = /[1-9]/.test(digits.slice(3)) ? 1 : 0;
	return start + Number(second) * 1000 + milliseconds + finer;
}

/** `Date` reads the 30th of February as the 1st of March. */
function startOfDay(day: string): number | undefined {
	const date = Date.parse(`${day}T00:00:00Z`);
	const isDay = !Number.isNaN(date) && new Date(date).toISOString().startsWith(day);
	return isDay ? date : undefined;
}

/**
 * Whether a minute is the last one of a month in UTC: only there are leap seconds (section 5.7).
 * Which months have one is announced half a year before, so the server cannot know. A leap second
 * has no milliseconds of its own in Unix time: all of it is the start of the next month.
 */
function isEndOfMonth(minute: number): boolean {
	const next = new Date(minute + MINUTE_MS);
	return next.getUTCDate() === 1 && (minute + MINUTE_MS) % DAY_MS === 0;
}

function offsetMs(offset: string): number | undefined {
	if (offset.toUpperCase() === "Z") return 0;
	const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? [];
	if (sign === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
	const shift = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
	return sign === "-" ? -shift : shift;
}

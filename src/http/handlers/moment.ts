/**
 * GET of a stream at a time of day: sends the reader to the page of the grid that holds the first
 * event at or after it, and from there on it reads like any other.
 */
import { alignedForward, GRID } from "../../../feeds/geometry.ts";
import { VARY } from "../../cache/policy.ts";
import { Refusal } from "../../errors.ts";
import { parseStreamName } from "../../event.ts";
import { findMoment } from "../../pages/moment.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import { baseOf } from "../request/base.ts";
import { numbered, pageUrl, withoutNumber, withQuery } from "../urls.ts";

//            year    month   day          hour  minute second fraction   offset
const TIME = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const DAY_MS = 24 * 60 * 60 * 1000;

/** GET /streams/{stream}/at/{RFC 3339} */
export async function answerMoment(
	exchange: Exchange,
	target: { stream: string; time: string; query: string },
): Promise<Answer> {
	const { context, req } = exchange;
	const stream = parseStreamName(target.stream);
	const time = parseTime(target.time);
	const base = baseOf(req, context.settings.publicUrl);
	// The redirect leads into this history; a URL of another one is refused.
	otherHistory(exchange, target.query, false);

	const { first, last } = await findMoment(context.log, stream, time);

	const isThere = first <= last;
	const page = isThere
		? ({ direction: "forward", from: first - (first % GRID), count: GRID } as const)
		: alignedForward(last + 1);
	const { incarnation } = context.log;
	const url = withQuery(pageUrl(base, stream, page), withoutNumber(target.query));
	const location = numbered(url, incarnation);
	// As long as no event is at or after the moment, the next event changes the answer.
	const headers = ["Location", location, "Cache-Control", "no-cache", "Vary", VARY];
	return { status: 303, headers: [...headers, "Content-Length", "0"] };
}

/**
 * Reads a time as RFC 3339 has it (section 5.6), with an offset: without one it would be no moment.
 * @returns milliseconds since 1970; of a finer time the next one
 * @throws Refusal `malformed-url`
 */
export function parseTime(text: string): number {
	const [, day = "", hour, minute, second, fraction = "", offset = ""] = TIME.exec(text) ?? [];
	const date = Date.parse(`${day}T00:00:00Z`);
	// The 30th of February is read as the 1st of March, and would send the reader to the wrong page.
	const isDay = !Number.isNaN(date) && new Date(date).toISOString().startsWith(day);
	const clock = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
	const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60;
	const shift = offsetMinutes(offset);
	if (!isDay || !isClock || shift === undefined) {
		const shown = text.slice(0, 64);
		throw new Refusal("malformed-url", {
			reason: `'${shown}' is not a time such as 2026-03-01T14:00:00Z (RFC 3339, with its offset).`,
		});
	}
	// In digits: 0.058 times 1000 is more than 58 to a double.
	const digits = fraction.slice(1);
	const milliseconds = Number(digits.slice(0, 3).padEnd(3, "0"));
	const finer = /[1-9]/.test(digits.slice(3)) ? 1 : 0;
	return date + clock * 1000 - shift * 60_000 + milliseconds + finer;
}

function offsetMinutes(offset: string): number | undefined {
	if (offset.toUpperCase() === "Z") return 0;
	const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? [];
	const shift = Number(hours) * 60 + Number(minutes);
	if (sign === undefined || Number(minutes) > 59 || shift * 60_000 >= DAY_MS) return undefined;
	return sign === "-" ? -shift : shift;
}

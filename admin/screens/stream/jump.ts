/** The field that jumps: to a number of the stream, or to a moment. */
import { parseTime } from "../../../feeds/time.ts";
import type { StreamName } from "../../../src/event.ts";
import { streamPath } from "../../parts/name.ts";
import { pathHolding } from "./place.ts";

const NUMBER = /^[\d,]{1,20}$/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const DAY = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?$/;
const BACK = /^-(\d{1,6}) ?(s|m|min|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
	s: 1000,
	m: 60_000,
	min: 60_000,
	h: 3_600_000,
	d: 86_400_000,
};

/**
 * The path of the screen that holds what was asked for: `166`, `09:55`, `2026-11-29 09:55`, `-5m`,
 * or a time of RFC 3339; all in UTC.
 * @returns undefined if it is none of these
 */
export function jumpTo(
	stream: StreamName,
	text: string,
	last: number,
	now: number,
): string | undefined {
	const asked = text.trim();
	if (asked === "") return streamPath(stream);
	if (NUMBER.test(asked)) {
		const number = Number(asked.replaceAll(",", ""));
		return Number.isSafeInteger(number)
			? pathHolding(stream, Math.min(number, Math.max(last, 0)), last)
			: undefined;
	}
	const time = momentOf(asked, now);
	if (time === undefined) return undefined;
	return streamPath(stream, `/at/${new Date(time).toISOString()}`);
}

/**
 * Of today, or with its day, or so long before `now`.
 * @returns milliseconds since 1970; undefined if it is no time
 */
export function momentOf(text: string, now: number): number | undefined {
	const [, count, unit = ""] = BACK.exec(text) ?? [];
	if (count !== undefined) return now - Number(count) * (UNIT_MS[unit] ?? 0);
	const clock = CLOCK.exec(text);
	if (clock) {
		const day = new Date(now).toISOString().slice(0, 10);
		const [hours = "", minutes, seconds = "00"] = clock.slice(1);
		return parseTime(`${day}T${hours.padStart(2, "0")}:${minutes}:${seconds}Z`);
	}
	const [, day, time] = DAY.exec(text) ?? [];
	if (day === undefined) return parseTime(text);
	const whole = time === undefined ? "00:00:00" : time.length === 5 ? `${time}:00` : time;
	return parseTime(`${day}T${whole}Z`);
}

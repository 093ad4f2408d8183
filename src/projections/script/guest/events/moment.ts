/**
 * The moment of an event, which is all that a script learns of time and chance: `new Date()` and
 * `Date.now()` say when the event was created, `Math.random()` gives numbers made of its id.
 * Outside events it is 1970, and always the same number.
 */

import { construct, defineProperty, imul, OwnDate } from "../realm/intrinsics.ts";
import { type Batch, COLUMNS, CREATED, ID_END } from "./batch.ts";

/** Where the time is read from: a batch, and the event in it that is at hand. */
export type Moment = { readonly batch: Batch; readonly at: number };

let moment: Moment | undefined;
/** The dice, and the event it was made for. */
let random = 0;
let thrownAt: number | undefined;

/** Taken before anything replaces it. The host hears each call: an event begins (see guest.ts). */
export const tellHost: () => number = Date.now;

export function setMoment(now: Moment | undefined): void {
	moment = now;
	thrownAt = undefined;
}

export function isoTime(created: number): string {
	return new OwnDate(created).toISOString();
}

/** Gives scripts a clock and a dice of their own; before the library is frozen. */
export function replaceClock(): void {
	function EventDate(...parts: unknown[]): unknown {
		if (new.target === undefined) return new OwnDate(created()).toString();
		return construct(OwnDate, parts.length === 0 ? [created()] : parts, new.target);
	}
	EventDate.prototype = OwnDate.prototype;
	for (const [name, value] of [
		["name", "Date"],
		["length", 7],
		["now", created],
		["parse", OwnDate.parse],
		["UTC", OwnDate.UTC],
	] as const)
		defineProperty(EventDate, name, { value, configurable: true });
	defineProperty(OwnDate.prototype, "constructor", { value: EventDate });
	defineProperty(globalThis, "Date", { value: EventDate, writable: true, configurable: true });
	defineProperty(Math, "random", { value: nextRandom });
}

function created(): number {
	return moment ? (moment.batch.numbers[moment.at * COLUMNS + CREATED] ?? 0) : 0;
}

/** Mulberry32, seeded by FNV-1a of the event's id: anew for each event. */
function nextRandom(): number {
	const at = moment?.at ?? -1;
	if (thrownAt !== at)
		random = hashOf(moment ? moment.batch.text(moment.at * COLUMNS, ID_END) : "");
	thrownAt = at;
	random = (random + 0x6d2b79f5) | 0;
	let mixed = imul(random ^ (random >>> 15), random | 1);
	mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
	return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function hashOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let at = 0; at < text.length; at++) hash = imul(hash ^ text.charCodeAt(at), 0x01000193);
	return hash;
}

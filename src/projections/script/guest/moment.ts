/**
 * The moment of an event, which is all that a script learns of time and chance: `new Date()` and
 * `Date.now()` say when the event was created, `Math.random()` gives numbers made of its id. Outside
 * events it is 1970, and always the same number.
 */
import { type Batch, CREATED, ID_END } from "./batch.ts";
import { construct, defineProperty, imul, OwnDate } from "./intrinsics.ts";

let batch: Batch | undefined;
let event = 0;
let random: number | undefined;

/** Taken before anything replaces it. The host hears each call: an event begins (see guest.ts). */
export const tellHost: () => number = Date.now;

/** @param of undefined: no event is at hand */
export function setMoment(of: Batch | undefined, at: number): void {
	batch = of;
	event = at;
	random = undefined;
}

function now(): number {
	return batch ? batch.number(event, CREATED) : 0;
}

export function isoTime(created: number): string {
	return new OwnDate(created).toISOString();
}

/** Gives scripts a clock and a dice of their own; before the library is frozen. */
export function replaceClock(): void {
	function EventDate(...parts: unknown[]): unknown {
		if (new.target === undefined) return new OwnDate(now()).toString();
		return construct(OwnDate, parts.length === 0 ? [now()] : parts, new.target);
	}
	EventDate.prototype = OwnDate.prototype;
	for (const [name, value] of [
		["name", "Date"],
		["length", 7],
		["now", now],
		["parse", OwnDate.parse],
		["UTC", OwnDate.UTC],
	] as const)
		defineProperty(EventDate, name, { value, configurable: true });
	defineProperty(OwnDate.prototype, "constructor", { value: EventDate });
	defineProperty(globalThis, "Date", { value: EventDate, writable: true, configurable: true });
	defineProperty(Math, "random", { value: nextRandom });
}

/** Mulberry32, seeded by FNV-1a of the event's id. */
function nextRandom(): number {
	random ??= hashOf(batch ? batch.text(event, ID_END) : "");
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

/** What whoever makes a webhook says of it. */
import { isBookkeeping } from "../../bookkeeping.ts";
import { Refusal } from "../../errors.ts";
import { ALL, parseStreamName, type StreamName } from "../../event.ts";
import { nearest } from "../../nearest.ts";
import { parseCriterion } from "../../pages/criterion.ts";
import { type Criterion, createFilter } from "../../pages/filter.ts";
import { isFault, parsePath } from "../../searching/path.ts";
import type { JsonObject } from "../../subscriptions/json.ts";
import type { DeliveryRules } from "../delivering/subject.ts";
import { targetFault } from "../targets/target.ts";

export const FORMATS = ["cloudevents", "cloudevents-binary", "cloudevents-batch", "json"] as const;
export type Format = (typeof FORMATS)[number];

export type WebhookSettings = DeliveryRules & Selection & Shape & { readonly description: string };

/** Which events, in which order, and where to. */
export type Selection = {
	readonly url: string;
	readonly stream: StreamName;
	/** The first number; `head` for what is appended from now on. */
	readonly start: number | "head";
	readonly filter: Criterion | undefined;
	/** As of `PushSource`. */
	readonly order: string;
	readonly resolveLinktos: boolean;
};

/** What is sent of an event. */
export type Shape = {
	readonly format: Format;
	readonly payload: "thin" | "full";
	/** An event with more data and metadata is sent thin. */
	readonly payloadBytesMax: number;
};

const DAY_MS = 24 * 60 * 60 * 1000;

type Bounds = { readonly usual: number; readonly least: number; readonly most: number };

/** Standard Webhooks wants bodies below 20 kB, and a time-out of 15 to 30 seconds. */
const NUMBERS = {
	payloadBytesMax: { usual: 16 * 1024, least: 0, most: 1024 * 1024 },
	batchMax: { usual: 20, least: 1, most: 100 },
	concurrency: { usual: 4, least: 1, most: 32 },
	ratePerSecond: { usual: 0, least: 0, most: 10_000 },
	timeoutMs: { usual: 15_000, least: 100, most: 60_000 },
	// With pauses of 5 s, 20 s, 80 s … 12 h, this is two to three days.
	tries: { usual: 12, least: 1, most: 100 },
	backoffMs: { usual: 5000, least: 1, most: DAY_MS },
	backoffMsMax: { usual: DAY_MS / 2, least: 1, most: DAY_MS },
} as const satisfies Record<string, Bounds>;
type NumberName = keyof typeof NUMBERS;

const TEXTS = ["url", "stream", "start", "filter", "format", "payload", "order"] as const;
const NAMES: readonly string[] = [
	...TEXTS,
	...Object.keys(NUMBERS),
	"resolveLinktos",
	"description",
];
const DESCRIPTION_CHARACTERS_MAX = 1024;

/**
 * Reads the body of a request, or what the log has of a webhook.
 * @param mayBePlain as of `targetFault`
 * @throws Refusal `invalid-webhook`, `invalid-filter`, `invalid-stream-name`
 */
export function parseWebhook(given: JsonObject, mayBePlain: boolean): WebhookSettings {
	refuseUnknown(given);
	const url = textIn(given, "url") ?? fail("url", "it is missing");
	const fault = targetFault(url, mayBePlain);
	if (fault !== undefined) throw invalid("url", fault);
	const stream = parseStreamName(textIn(given, "stream") ?? fail("stream", "it is missing"));
	if (isOfPushes(stream)) {
		throw invalid("stream", "the server writes to it whenever it sends, so this would never end");
	}
	const filter = filterIn(given, stream);
	const format = oneOf("format", FORMATS, textIn(given, "format") ?? "cloudevents");
	const numbers = numbersIn(given);
	return {
		url: new URL(url).href,
		stream,
		start: startIn(given),
		filter,
		format,
		payload: oneOf("payload", ["thin", "full"] as const, textIn(given, "payload") ?? "thin"),
		...numbers,
		batchMax: format === "cloudevents-batch" ? numbers.batchMax : 1,
		order: orderIn(given),
		resolveLinktos: resolvesIn(given, stream),
		description: descriptionIn(given),
	};
}

/** The streams that a webhook would write to by being delivered, and the indexes of those. */
export function isOfPushes(stream: string): boolean {
	return isBookkeeping(stream) || OF_PUSHES.test(stream);
}

const OF_PUSHES = /^\$(?:ce-\$(?:push|persistentsubscription)|et-\$(?:Push|Webhook|Subscription))/;

/**
 * In `$all`, a link is an event beside the one that it leads to, and what is parked is a link:
 * shown as its event, it would be sent, and be parked, again and again.
 */
function resolvesIn(given: JsonObject, stream: StreamName): boolean {
	const resolves = flagIn(given, "resolveLinktos") ?? stream !== ALL;
	if (!resolves || stream !== ALL) return resolves;
	throw invalid("resolveLinktos", "in $all, links are sent as what they are");
}

function refuseUnknown(given: JsonObject): void {
	const name = Object.keys(given).find((one) => !NAMES.includes(one));
	if (name === undefined) return;
	const meant = nearest(name, NAMES);
	const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
	throw invalid(name.slice(0, 64), `no setting has this name${hint}`);
}

function numbersIn(given: JsonObject): Record<NumberName, number> {
	const numbers: Partial<Record<NumberName, number>> = {};
	for (const [name, { usual, least, most }] of Object.entries(NUMBERS)) {
		const value = given[name] ?? usual;
		if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
			throw invalid(name, `it must be a whole number, ${least} to ${most}`);
		}
		numbers[name as NumberName] = value;
	}
	return numbers as Record<NumberName, number>;
}

function startIn({ start = "head" }: JsonObject): number | "head" {
	if (start === "head") return start;
	if (typeof start === "number" && Number.isSafeInteger(start) && start >= 0) return start;
	throw invalid("start", 'it must be a number from 0, or "head"');
}

function filterIn(given: JsonObject, stream: StreamName): Criterion | undefined {
	const filter = parseCriterion(given.filter, (fault) => invalid("filter", fault));
	if (filter !== undefined && stream !== ALL) {
		throw invalid("filter", "only a webhook of $all can have one");
	}
	createFilter(filter, false);
	return filter;
}

function orderIn(given: JsonObject): string {
	const order = textIn(given, "order") ?? "stream";
	if (order === "stream" || order === "none") return order;
	const path = parsePath(order);
	if (!isFault(path)) return order;
	throw invalid(
		"order",
		`it must be stream, none, or a path such as $.customer.id: ${path.reason}`,
	);
}

function descriptionIn(given: JsonObject): string {
	const text = textIn(given, "description") ?? "";
	if (text.length <= DESCRIPTION_CHARACTERS_MAX) return text;
	throw invalid("description", `it has more than ${DESCRIPTION_CHARACTERS_MAX} characters`);
}

function textIn(given: JsonObject, name: string): string | undefined {
	const value = given[name] ?? undefined;
	if (value === undefined || typeof value === "string") return value;
	throw invalid(name, "it must be a text");
}

function flagIn(given: JsonObject, name: string): boolean | undefined {
	const value = given[name] ?? undefined;
	if (value === undefined || typeof value === "boolean") return value;
	throw invalid(name, "it must be true or false");
}

function oneOf<T extends string>(field: string, words: readonly T[], value: unknown): T {
	const word = words.find((one) => one === value);
	if (word !== undefined) return word;
	throw invalid(field, `it must be one of ${words.join(", ")}`);
}

function fail(field: string, reason: string): never {
	throw invalid(field, reason);
}

function invalid(field: string, reason: string): Refusal {
	return new Refusal("invalid-webhook", { field, reason });
}

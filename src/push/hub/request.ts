/** A request of a subscriber, as a form: `hub.mode`, `hub.topic`, `hub.callback` … (WebSub 5.1). */
import { Refusal } from "../../errors.ts";
import { targetFault } from "../targets/target.ts";

export type HubRequest = {
	readonly mode: "subscribe" | "unsubscribe";
	readonly topic: string;
	readonly callback: string;
	readonly leaseSeconds: number;
	readonly secret: string | undefined;
};

/** WebSub 5.1: a secret has less than 200 bytes. */
const SECRET_BYTES_MAX = 199;
const TOPIC_CHARACTERS_MAX = 4096;
const DAY_SECONDS = 24 * 60 * 60;
/** A lease that is shorter costs more requests than it saves. */
const LEASE_SECONDS_MIN = 60;
const LEASE_SECONDS_MAX = 30 * DAY_SECONDS;
const LEASE_SECONDS_USUAL = 10 * DAY_SECONDS;

/**
 * @param mayBePlain as of `targetFault`
 * @throws Refusal `invalid-hub-request`
 */
export function parseHubRequest(form: URLSearchParams, mayBePlain: boolean): HubRequest {
	const mode = one(form, "hub.mode");
	if (mode !== "subscribe" && mode !== "unsubscribe") {
		throw invalid("hub.mode", "it must be subscribe or unsubscribe");
	}
	const topic = one(form, "hub.topic") ?? "";
	// It stands in headers, between < and >.
	if (!/^[!#-;=?-~]+$/.test(topic) || topic.length > TOPIC_CHARACTERS_MAX || !URL.canParse(topic)) {
		throw invalid("hub.topic", "it must be the URL of a feed of this server");
	}
	const callback = one(form, "hub.callback") ?? "";
	const fault = targetFault(callback, mayBePlain);
	if (fault !== undefined) throw invalid("hub.callback", fault);
	return {
		mode,
		topic,
		callback: new URL(callback).href,
		leaseSeconds: leaseIn(one(form, "hub.lease_seconds")),
		secret: secretIn(one(form, "hub.secret")),
	};
}

/** The lease that was asked for, or the nearest one that there is. */
function leaseIn(text: string | undefined): number {
	if (text === undefined || text === "") return LEASE_SECONDS_USUAL;
	if (!/^\d{1,12}$/.test(text)) {
		throw invalid("hub.lease_seconds", "it must be a whole number of seconds");
	}
	return Math.min(Math.max(Number(text), LEASE_SECONDS_MIN), LEASE_SECONDS_MAX);
}

function secretIn(text: string | undefined): string | undefined {
	if (text === undefined || text === "") return undefined;
	if (Buffer.byteLength(text) <= SECRET_BYTES_MAX) return text;
	throw invalid("hub.secret", "it must have less than 200 bytes");
}

/** @throws Refusal `invalid-hub-request` for a parameter that is there twice */
function one(form: URLSearchParams, name: string): string | undefined {
	const all = form.getAll(name);
	if (all.length > 1) throw invalid(name, "it is there more than once");
	return all[0];
}

function invalid(parameter: string, reason: string): Refusal {
	return new Refusal("invalid-hub-request", { parameter, reason });
}

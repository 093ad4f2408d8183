/** Asks a callback whether it wants what somebody has asked for in its name (WebSub 5.3). */
import { randomBytes } from "node:crypto";
import { post, type Ways } from "../sending/post.ts";

export type Intent = {
	readonly mode: "subscribe" | "unsubscribe" | "denied";
	readonly topic: string;
	readonly callback: string;
	readonly leaseSeconds?: number;
	/** Why it was denied. */
	readonly reason?: string;
};

const TIMEOUT_MS = 10_000;

/** @returns whether the callback has repeated the challenge, and nothing else */
export async function confirms(
	{ mode, topic, callback, leaseSeconds }: Intent,
	userAgent: string,
	ways: Ways,
	stop: AbortSignal,
): Promise<boolean> {
	const challenge = randomBytes(32).toString("base64url");
	const url = withQuery(callback, [
		["hub.mode", mode],
		["hub.topic", topic],
		["hub.challenge", challenge],
		...(leaseSeconds === undefined ? [] : [["hub.lease_seconds", String(leaseSeconds)] as const]),
	]);
	const { word, answer } = await post(asking(url, userAgent), ways, stop);
	return word === "delivered" && answer === challenge;
}

/** Tells a callback that it gets nothing, or nothing any more. Nobody waits for its answer. */
export async function deny(
	{ topic, callback, reason = "" }: Intent,
	userAgent: string,
	ways: Ways,
	stop: AbortSignal,
): Promise<void> {
	const url = withQuery(callback, [
		["hub.mode", "denied"],
		["hub.topic", topic],
		["hub.reason", reason],
	]);
	await post(asking(url, userAgent), ways, stop);
}

function asking(url: string, userAgent: string) {
	const headers = ["User-Agent", userAgent, "Accept", "*/*"];
	return { method: "GET" as const, url, headers, body: Buffer.alloc(0), timeoutMs: TIMEOUT_MS };
}

/** The query that the callback has stays as it is (WebSub 5.3.1). */
function withQuery(callback: string, members: readonly (readonly [string, string])[]): string {
	const added = members.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
	return `${callback}${callback.includes("?") ? "&" : "?"}${added}`;
}

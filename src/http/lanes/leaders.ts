/**
 * Of several servers over one log, one delivers to the consumers of subscriptions, shares out the
 * partitions of groups, runs projections, sends to webhooks, and scavenges. The others refuse these
 * requests and name it. A proxy finds it by `GET /health/leader`.
 */
import { Refusal } from "../../errors.ts";
import type { Leadership } from "../../log/log.ts";
import type { Route } from "../routes.ts";

/** A node that dies is followed by another one within seconds. */
const RETRY_SECONDS = 1;

const PLACES = [
	"/subscriptions/:stream/:group",
	"/subscriptions/restart",
	"/groups/:group",
	"/webhooks/:id",
	"/hub",
	"/ui/hub",
	"/projections/",
	"/projection/",
	"/admin/scavenge",
];

export function isForLeader({ path }: Route): boolean {
	return PLACES.some((place) => path.startsWith(place));
}

/** @throws Refusal `not-leader` */
export function refuseFollower({ isLeading, leader }: Leadership): void {
	if (isLeading) return;
	const facts = { retryAfterSeconds: RETRY_SECONDS };
	throw new Refusal("not-leader", leader === undefined ? facts : { leader, ...facts });
}

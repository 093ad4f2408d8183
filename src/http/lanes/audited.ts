/**
 * Which requests the audit hears of. It hears of a deed when it is done, before its client has the
 * answer, and of one that failed but may be done; of reads that take an admin it keeps counts. It
 * does not hear of clients without a name: a store that lets those change things has nobody to tell
 * apart.
 */
import type { Needed } from "../../access/rights.ts";
import type { Deed } from "../../audit/audit.ts";
import { ALL, AUDIT } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { performRecorded, wordOnStream } from "../answering/screens/recording.ts";
import { doerOf } from "../answering/screens/visitor.ts";
import { hardDelete } from "../request/headers.ts";

/** The route of a request, and the parts of its URL that say what it is about. */
export type Audited = {
	readonly method: string;
	readonly path: string;
	readonly needed: Needed;
	readonly target: {
		readonly stream: string;
		readonly group: string;
		readonly id: string;
		readonly from: string;
	};
};

/** By method and path of the route. */
const DEEDS: Readonly<Record<string, string>> = {
	"POST /users": "user-created",
	"POST /users/": "user-created",
	"PUT /users/:id": "user-changed",
	"DELETE /users/:id": "user-deleted",
	"POST /users/:id/command/enable": "user-enabled",
	"POST /users/:id/command/disable": "user-disabled",
	"POST /users/:id/command/reset-password": "password-reset",
	"POST /users/:id/command/change-password": "password-changed",
	"POST /tokens": "token-created",
	"POST /tokens/:id/command/rotate": "token-rotated",
	"DELETE /tokens/:id": "token-revoked",
	"PUT /subscriptions/:stream/:group": "subscription-created",
	"POST /subscriptions/:stream/:group": "subscription-changed",
	"DELETE /subscriptions/:stream/:group": "subscription-deleted",
	"POST /subscriptions/:stream/:group/replayParked": "parked-replayed",
	"POST /subscriptions/:stream/:group/reset": "subscription-reset",
	"POST /subscriptions/restart": "subscriptions-restarted",
	"DELETE /subscriptions/:stream/:group/parked": "parked-discarded",
	"DELETE /subscriptions/:stream/:group/parked/:from": "parked-discarded",
	"PUT /groups/:group": "group-defined",
	"POST /groups/:group/reset": "group-reset",
	"DELETE /groups/:group": "group-deleted",
	"DELETE /positions/:id": "position-deleted",
	"POST /projections/onetime": "projection-created",
	"POST /projections/continuous": "projection-created",
	"PUT /projection/:id/query": "projection-changed",
	"PUT /projection/:id/config": "projection-changed",
	"DELETE /projection/:id/candidate": "projection-changed",
	"DELETE /projection/:id": "projection-deleted",
	"POST /projection/:id/command/enable": "projection-enabled",
	"POST /projection/:id/command/disable": "projection-disabled",
	"POST /projection/:id/command/abort": "projection-disabled",
	"POST /projection/:id/command/reset": "projection-reset",
	"PUT /webhooks/:id": "webhook-written",
	"DELETE /webhooks/:id": "webhook-deleted",
	"POST /webhooks/:id/command/pause": "webhook-paused",
	"POST /webhooks/:id/command/resume": "webhook-resumed",
	"POST /webhooks/:id/command/rotate-secret": "webhook-secret-rotated",
	"POST /webhooks/:id/command/test": "webhook-tested",
	"POST /webhooks/:id/command/replay-parked": "webhook-parked-replayed",
	"POST /webhooks/:id/command/discard-parked": "webhook-parked-discarded",
	"DELETE /hub/:id": "hub-subscriber-ended",
	"POST /admin/scavenge": "scavenge-started",
	"DELETE /admin/scavenge/current": "scavenge-stopped",
	"DELETE /admin/scavenge/:id": "scavenge-stopped",
	"POST /admin/verification": "verification-started",
	"DELETE /admin/verification": "verification-stopped",
};

/** The answer to a request that changes something, once the audit has heard of it. */
export function withAudit(
	exchange: Exchange,
	audited: Audited,
	handle: () => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
	const what = wordOf(audited);
	if (what === undefined || exchange.principal.name === "") return handle();
	return tellOf(exchange, audited, what, handle);
}

async function tellOf(
	exchange: Exchange,
	audited: Audited,
	what: string,
	handle: () => Answer | Promise<Answer>,
): Promise<Answer> {
	return performRecorded(
		async () => handle(),
		async (done, failed) => {
			if (done && !changed(done)) return;
			await exchange.context.audit.record({ ...deedOf(exchange, audited, done), what, ...failed });
		},
		audited.path.startsWith("/users"),
	);
}

/** A repeat and a redirect have changed nothing. */
function changed({ status, headers }: Answer): boolean {
	return status < 300 && !headers.includes("Varve-Repeated");
}

/** Counts a read, if it takes an admin. */
export function auditRead(exchange: Exchange, { right, stream }: Needed): void {
	const { principal, req } = exchange;
	if (principal.name === "" || (req.method !== "GET" && req.method !== "HEAD")) return;
	if (right === "import") exchange.context.audit.noteImport();
	const isOfSystem = stream?.startsWith("$") && !isOfEveryone(stream);
	if (right === "administer" || right === "export" || isOfSystem) {
		exchange.context.audit.countRead(doerOf(exchange));
	}
}

/** Who reads the audit, or a stream in which its events stand, must not write to it by reading. */
function isOfEveryone(stream: string): boolean {
	return stream === ALL || stream === AUDIT || isIndexStream(stream);
}

function wordOf({ method, path, needed }: Audited): string | undefined {
	return DEEDS[`${method} ${path}`] ?? wordOnStream(needed);
}

function deedOf(
	exchange: Exchange,
	{ needed, target }: Audited,
	answer: Answer | undefined,
): Omit<Deed, "what"> {
	const isForEver = needed.right === "delete" && hardDelete(exchange.req);
	return {
		...doerOf(exchange),
		...aboutOf(needed, target, answer),
		event: needed.right === "redact" ? Number(target.from) : undefined,
		forEver: isForEver ? true : undefined,
	};
}

function aboutOf(
	needed: Needed,
	{ stream, group, id }: Audited["target"],
	{ about, headers = [] }: Partial<Answer> = {},
): Pick<Deed, "about" | "group"> {
	if (group !== "") return { about: stream || (about ?? ""), group };
	return { about: needed.stream ?? about ?? (id || createdIn(headers)) };
}

/** The last segment of where the new thing is. */
function createdIn(headers: readonly string[]): string {
	const location = headers[headers.indexOf("Location") + 1] ?? "";
	const segment = headers.includes("Location") ? location.slice(location.lastIndexOf("/") + 1) : "";
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment;
	}
}

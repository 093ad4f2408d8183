/** Lists what the operator has to look at, the gravest first, each linked to what says more. */
import type { ServerState } from "../../../src/screens.ts";
import { html, type Part } from "../../html.ts";
import { counted } from "../numbers.ts";
import { standbyTrouble } from "./standby.ts";

export type Look = { readonly words: string; readonly to: string };

/** A backup that is older has missed a day at least. */
const BACKUP_AGE_MS = 2 * 24 * 3600 * 1000;

export function looksOf(state: ServerState, now: number): Look[] {
	const { writer, log, disk, verification, backups, caches = [], stuck } = state;
	const standby = standbyTrouble(log.standby);
	const [whole] = verification.runs.filter(({ found }) => found !== undefined);
	const [backup] = backups;
	const looks: (Look | false | undefined)[] = [
		writer.state === "stopped" && { words: "writer stopped", to: "/#writer" },
		whole?.result === "Damaged" && { words: "damage found", to: "/admin#verification" },
		standby !== undefined && { words: standby, to: "/admin#log" },
		disk?.low && { words: "disk low", to: "/admin#log" },
		backup?.faults !== undefined && { words: "backup has faults", to: "/admin#backups" },
		caches.some(({ failure, abandoned }) => failure !== null || abandoned > 0) && {
			words: "cache not purged",
			to: "/admin#caches",
		},
		...stuckLooks(stuck),
		backup === undefined && { words: "no backup", to: "/admin#backups" },
		backup !== undefined &&
			now - Date.parse(backup.finished) > BACKUP_AGE_MS && {
				words: "backup is old",
				to: "/admin#backups",
			},
		whole === undefined && { words: "never verified", to: "/admin#verification" },
	];
	return looks.filter((look) => look !== undefined && look !== false);
}

function stuckLooks(stuck: ServerState["stuck"]): Look[] {
	if (!stuck) return [];
	const { faultedProjections, parkedMessages, parkedEvents, openWebhooks } = stuck;
	const kinds: [number, string, string, string][] = [
		[faultedProjections, "projection", "faulted", "/projections"],
		[openWebhooks, "webhook", "not sending", "/webhooks"],
		[parkedMessages, "message", "parked", "/subscriptions"],
		[parkedEvents, "event", "parked by webhooks", "/webhooks"],
	];
	return kinds.flatMap(([count, what, how, to]) =>
		count > 0 ? [{ words: `${counted(count, what)} ${how}`, to }] : [],
	);
}

export function looksLine(looks: readonly Look[]): Part {
	if (looks.length === 0) return html`<span>Nothing to look at</span>`;
	const links = looks.map(({ words, to }, at) => [
		at > 0 ? ", " : "",
		html`<a href="${to}">${words}</a>`,
	]);
	return html`<span>${counted(looks.length, "thing")} to look at: ${links}</span>`;
}

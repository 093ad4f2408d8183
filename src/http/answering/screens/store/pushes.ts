/** Pushes as the screens see them, for one visitor: the audit hears of what forms change. */
import type { Principal } from "../../../../access/principal.ts";
import { hubFor, type ShownHub } from "../../../../push/hub/shown.ts";
import { type ShownWebhooks, webhooksFor } from "../../../../push/shown.ts";
import type { Context } from "../../../context.ts";
import { performTold, type Recording } from "../recording.ts";

export function recordedWebhooks(
	{ pushes, access }: Context,
	principal: Principal,
	record: Recording,
): ShownWebhooks {
	const shown = webhooksFor(pushes, access, principal);
	const told = <T>(what: string, about: string, perform: () => Promise<T>) =>
		performTold(record, { what, about }, perform);
	return {
		...shown,
		put(name, settings, condition) {
			return told("webhook-written", name, () => shown.put(name, settings, condition));
		},
		remove(name, condition) {
			return told("webhook-deleted", name, () => shown.remove(name, condition));
		},
		setPaused(name, isPaused) {
			return told(isPaused ? "webhook-paused" : "webhook-resumed", name, () =>
				shown.setPaused(name, isPaused),
			);
		},
		rotate(name, keepSeconds) {
			return told("webhook-secret-rotated", name, () => shown.rotate(name, keepSeconds));
		},
		test(name) {
			return told("webhook-tested", name, () => shown.test(name));
		},
		replay(name, stopAt) {
			return told("webhook-parked-replayed", name, () => shown.replay(name, stopAt));
		},
		discard(name, stopAt) {
			return told("webhook-parked-discarded", name, () => shown.discard(name, stopAt));
		},
	};
}

export function recordedHub(
	{ pushes: { hub, places } }: Context,
	mayOperate: boolean,
	record: Recording,
): ShownHub {
	const shown = hubFor(hub, places, mayOperate);
	return {
		...shown,
		deny(id, reason) {
			const deed = { what: "hub-subscriber-ended", about: id };
			return performTold(record, deed, () => shown.deny(id, reason));
		},
	};
}

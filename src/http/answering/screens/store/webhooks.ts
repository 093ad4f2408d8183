/** Webhooks as the screens see them, for one visitor: the audit hears of what forms change. */
import type { Principal } from "../../../../access/principal.ts";
import { type ShownWebhooks, webhooksFor } from "../../../../push/shown.ts";
import type { Context } from "../../../context.ts";
import type { Recording } from "../recording.ts";

export function recordedWebhooks(
	{ pushes, access }: Context,
	principal: Principal,
	record: Recording,
): ShownWebhooks {
	const shown = webhooksFor(pushes, access, principal);
	return {
		...shown,
		async put(name, settings, condition) {
			const put = await shown.put(name, settings, condition);
			await record("webhook-written", name);
			return put;
		},
		async remove(name, condition) {
			await shown.remove(name, condition);
			await record("webhook-deleted", name);
		},
		async setPaused(name, isPaused) {
			await shown.setPaused(name, isPaused);
			await record(isPaused ? "webhook-paused" : "webhook-resumed", name);
		},
		async rotate(name, keepSeconds) {
			const put = await shown.rotate(name, keepSeconds);
			await record("webhook-secret-rotated", name);
			return put;
		},
		async test(name) {
			const attempt = await shown.test(name);
			await record("webhook-tested", name);
			return attempt;
		},
		async replay(name, stopAt) {
			await shown.replay(name, stopAt);
			await record("webhook-parked-replayed", name);
		},
		async discard(name, stopAt) {
			await shown.discard(name, stopAt);
			await record("webhook-parked-discarded", name);
		},
	};
}
